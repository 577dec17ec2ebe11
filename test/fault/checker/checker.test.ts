import assert from "node:assert/strict";
import { CODE_MUTATIONS, DATA_MUTATIONS } from "./mutations/index.ts";
import { tryOne } from "./play.ts";
import { openRig, type Rig } from "./rig.ts";

/** Time to start the system on a busy machine. */
const START_MS = 90_000;
/** Time for one trial, with the wait for a quiet shop. */
const TRY_MS = 150_000;

const SOME_DATA = ["money-from-nowhere", "order-gone", "coupon-free-again"];
const SOME_CODE = ["stock-back-twice", "cancel-refused-but-done"];

/**
 * The short form of `npm run fault -- --checker`: a judge that finds nothing must be able to find
 * something.
 */
describe("the judge of the fault suite", () => {
  let rig: Rig;

  before(async function () {
    this.timeout(START_MS);
    rig = await openRig(() => {});
  });

  after(async function () {
    this.timeout(START_MS);
    await rig?.stop();
  });

  it("finds nothing in a working shop", async function () {
    this.timeout(TRY_MS);
    assert.deepEqual(await rig.control(["story"]), []);
  });

  for (const mutation of DATA_MUTATIONS.filter(({ name }) => SOME_DATA.includes(name))) {
    it(`finds that ${mutation.what}`, async function () {
      this.timeout(TRY_MS);
      const { caughtBy, found } = await tryOne(mutation, () => rig.withData(mutation));
      assert.ok(caughtBy, found.join("\n"));
    });
  }

  for (const mutation of CODE_MUTATIONS.filter(({ name }) => SOME_CODE.includes(name))) {
    it(`finds that ${mutation.what}`, async function () {
      this.timeout(TRY_MS);
      const { caughtBy, found } = await tryOne(mutation, () => rig.withCode(mutation));
      assert.ok(caughtBy, found.join("\n"));
    });
  }
});
