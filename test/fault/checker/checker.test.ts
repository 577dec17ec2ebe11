import assert from "node:assert/strict";
import { type Bench, openBench } from "./bench.ts";
import { CODE_MUTATIONS, DATA_MUTATIONS } from "./mutations/index.ts";
import { tryOne } from "./play.ts";

/** Starting all of it on a busy machine. */
const START_MS = 90_000;
/** A shop that is not quiet is waited for. */
const TRY_MS = 150_000;

const SOME_DATA = ["money-from-nowhere", "order-gone", "coupon-free-again"];
const SOME_CODE = ["stock-back-twice", "cancel-refused-but-done"];

/** The short form of `npm run fault -- --checker`: a judge that finds nothing must be one that finds what is there. */
describe("the judge of the fault suite", () => {
  let bench: Bench;

  before(async function () {
    this.timeout(START_MS);
    bench = await openBench(() => {});
  });

  after(async function () {
    this.timeout(START_MS);
    await bench?.stop();
  });

  it("finds nothing in a shop that works", async function () {
    this.timeout(TRY_MS);
    assert.deepEqual(await bench.control(["story"]), []);
  });

  for (const mutation of DATA_MUTATIONS.filter(({ name }) => SOME_DATA.includes(name))) {
    it(`finds that ${mutation.what}`, async function () {
      this.timeout(TRY_MS);
      const { caughtBy, found } = await tryOne(mutation, () => bench.withData(mutation));
      assert.ok(caughtBy, found.join("\n"));
    });
  }

  for (const mutation of CODE_MUTATIONS.filter(({ name }) => SOME_CODE.includes(name))) {
    it(`finds that ${mutation.what}`, async function () {
      this.timeout(TRY_MS);
      const { caughtBy, found } = await tryOne(mutation, () => bench.withCode(mutation));
      assert.ok(caughtBy, found.join("\n"));
    });
  }
});
