import assert from "node:assert/strict";
import { pino } from "pino";
import { followAbility } from "./follow-ability.ts";

describe("followAbility", () => {
  it("passes on every result, and logs a reason once when it lasts, and its end", async () => {
    const reasons = [
      undefined,
      "brief",
      undefined,
      "full",
      "full",
      "full",
      "off",
      "off",
      undefined,
    ];
    const lines: string[] = [];
    const causes: (string | undefined)[] = [];
    const log = pino({ base: null }, { write: (line) => void lines.push(line) });
    const ended = Promise.withResolvers<void>();
    const following = followAbility("broker", {
      check: async () => {
        if (causes.length === reasons.length) ended.resolve();
        const reason = reasons[causes.length];
        return reason === undefined ? undefined : { cause: `cause_${reason}`, reason };
      },
      set: (cause) => causes.push(cause),
      log,
      everyMs: 1,
    });
    await ended.promise;
    await following.stop();
    assert.deepEqual(
      causes.slice(0, reasons.length),
      reasons.map((reason) => reason && `cause_${reason}`),
    );
    const logged = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      logged.map(({ msg, part, reason }) => [msg, part, reason]),
      [
        ["not able to work", "broker", "full"],
        ["not able to work", "broker", "off"],
        ["works again", "broker", undefined],
      ],
    );
  });
});
