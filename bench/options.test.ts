import assert from "node:assert/strict";
import { readOptions, UsageError } from "./options.ts";
import { couponsOf, planOf } from "./plan.ts";

function read(...args: string[]) {
  const options = readOptions(args, {});
  assert.ok(options);
  return options;
}

describe("the bench's options", () => {
  it("default to the standard set, which takes less than ten minutes", () => {
    const rounds = planOf(read());
    assert.deepEqual(
      rounds.map(({ workload }) => workload),
      ["place", "hot", "flash", "pay", "callback", "retail", "mixed", "overload"],
    );
    const seconds = rounds.reduce(
      (sum, round) =>
        sum + round.turns * round.loops.length * round.targets.length * (round.seconds + 1),
      0,
    );
    // The rest is for starting, settling, preparing callbacks and the audit.
    assert.ok(seconds < 400, `${seconds} s of load alone`);
  });

  it("select one workload with its parameters", () => {
    const [place, ...more] = planOf(
      read("--workload", "place", "--inflight", "1,64", "--seconds", "20", "--targets", "shop"),
    );
    assert.deepEqual(more, []);
    assert.deepEqual(place, {
      workload: "place",
      targets: ["shop"],
      loops: [
        { kind: "closed", inFlight: 1 },
        { kind: "closed", inFlight: 64 },
      ],
      turns: 5,
      seconds: 20,
    });
  });

  it("leave out a target that cannot run the workload, and fail without any", () => {
    const [mixed] = planOf(read("--workload", "mixed", "--targets", "shop,bare"));
    assert.deepEqual(mixed?.targets, ["shop"]);
    assert.throws(
      () => planOf(read("--workload", "mixed", "--targets", "bare")),
      /runs only on shop/,
    );
  });

  it("provide coupons for more orders than any target can place", () => {
    const options = read("--workload", "place", "--inflight", "256", "--seconds", "10");
    const orders = couponsOf(planOf(options), options) * 5;
    assert.ok(orders >= 5 * 10 * 5_000, `${orders} orders`);
  });

  it("are rejected in one line when they are wrong", () => {
    for (const args of [
      ["--workload", "plaice"],
      ["--inflight", "0"],
      ["--seconds", "1.5"],
      ["--minutes", "30"],
      ["--tunrs", "1"],
    ]) {
      assert.throws(
        () => readOptions(args, {}),
        (error) => error instanceof UsageError && !error.message.includes("\n"),
      );
    }
  });
});
