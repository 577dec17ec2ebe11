import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Log } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { createCallLog } from "./call-log.ts";
import { refused } from "./errors.ts";
import { GatewayCall } from "./gateway-call.ts";

type Line = Record<string, unknown> & { level: string; message: string };

describe("the gateway's lines about calls", () => {
  const method = GoodsService.method.getGoods;
  let lines: Line[];
  let nowMs: number;
  let record: (error?: unknown, tookMs?: number) => void;
  beforeEach(() => {
    lines = [];
    nowMs = performance.now();
    const at = (level: string) => (fields: object, message: string) =>
      lines.push({ ...fields, level, message });
    const levels = { debug: at("debug"), info: at("info"), warn: at("warn") };
    const log = { ...levels, isLevelEnabled: () => false } as unknown as Log;
    const write = createCallLog(log, () => nowMs);
    record = (error, tookMs = 10) => {
      const call = new GatewayCall({ requestId: "r-1", network: "192.0.2.1" });
      call.caller = { kind: "user", userId: 7n };
      call.error = error;
      nowMs = call.beganMs + tookMs;
      write(call, method);
    };
  });

  it("name what was refused, what failed and what was slow, and nothing else", () => {
    record();
    record(refused(new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: "1" })));
    record(new ConnectError("away", Code.Unavailable));
    record(undefined, 1_500);
    const common = { requestId: "r-1", actor: "user:7", network: "192.0.2.1" };
    const name = "shop.goods.v1.GoodsService/GetGoods";
    const of = (level: string, message: string) => ({ ...common, level, message, method: name });
    assert.deepEqual(lines, [
      {
        ...of("info", "call refused"),
        code: "NotFound",
        reason: "REASON_GOODS_NOT_FOUND",
        metadata: { goods_id: "1" },
        durationMs: 10,
      },
      { ...of("warn", "call failed"), code: "Unavailable", durationMs: 10 },
      { ...of("info", "slow call"), code: "Ok", durationMs: 1_500 },
    ]);
  });

  it("have a duration by the clock of the process", () => {
    const write = createCallLog({ isLevelEnabled: () => false } as unknown as Log);
    write(new GatewayCall({ requestId: "r-1", network: "192.0.2.1" }), method);
  });

  it("are at most 50 per second, and say how many there would have been", () => {
    const error = new ConnectError("full", Code.ResourceExhausted);
    const begun = lines.length;
    for (let count = 0; count < 1_000; count += 1) record(error, 0);
    const written = lines.length - begun;
    assert.ok(written >= 50 && written <= 150, `${written} lines`);
    record(error, 2_000);
    const unlogged = lines.reduce((sum, line) => sum + Number(line.unlogged ?? 0), 0);
    assert.equal(unlogged, 1_001 - lines.length);
  });
});
