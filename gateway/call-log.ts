import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { actorOf } from "#platform/rpc/call.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { ErrorInfoSchema, ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";
import type { GatewayCall } from "./gateway-call.ts";

/** A unary call that takes longer is logged as slow. */
const SLOW_MS = 1_000;

/** Lines per second about calls. Further ones are counted, and the next line has their number. */
const LINES_PER_SECOND = 50;

/** The codes of a call that failed although nothing was wrong with it. */
const FAILURES: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/**
 * Writes a line for each call that was refused, that failed or that was slow, and at level debug for
 * every call: request id, method, code, reason, caller, network and duration.
 */
export function createCallLog(
  log: Log,
  nowMs = () => performance.now(),
): (call: GatewayCall, method: DescMethod) => void {
  const budget = lineBudget(nowMs);
  return (call, method) => {
    const { error } = call;
    const durationMs = Math.round(nowMs() - call.beganMs);
    const isSlow = method.methodKind === "unary" && durationMs > SLOW_MS;
    if (error === undefined && !isSlow) {
      if (log.isLevelEnabled("debug"))
        log.debug(fieldsOf(call, method, durationMs), "call answered");
      return;
    }
    const unlogged = budget.take();
    if (unlogged === undefined) return;
    const fields = { ...fieldsOf(call, method, durationMs), ...(unlogged > 0 && { unlogged }) };
    if (error === undefined) log.info(fields, "slow call");
    else if (FAILURES.has(ConnectError.from(error).code)) log.warn(fields, "call failed");
    else log.info(fields, "call refused");
  };
}

function fieldsOf(call: GatewayCall, method: DescMethod, durationMs: number) {
  const { requestId, caller, network, error } = call;
  const failure = error === undefined ? undefined : ConnectError.from(error);
  const [info] = failure?.findDetails(ErrorInfoSchema) ?? [];
  return {
    requestId,
    method: `${method.parent.typeName}/${method.name}`,
    code: failure ? Code[failure.code] : "Ok",
    ...(info && { reason: ReasonSchema.value[info.reason]?.name, metadata: info.metadata }),
    actor: actorOf(caller),
    network,
    durationMs,
  };
}

/** Allows so many lines in each second. `take` gives how many were not allowed before. */
function lineBudget(nowMs: () => number): { take(): number | undefined } {
  let second = 0;
  let lines = 0;
  let unlogged = 0;
  return {
    take() {
      const now = Math.floor(nowMs() / 1_000);
      if (now !== second) {
        second = now;
        lines = 0;
      }
      lines += 1;
      if (lines > LINES_PER_SECOND) {
        unlogged += 1;
        return undefined;
      }
      const before = unlogged;
      unlogged = 0;
      return before;
    },
  };
}
