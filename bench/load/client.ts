// A client process of the load generator. It receives its work from the bench over the IPC channel.

import { seeded } from "../../testbed/random.ts";
import { shelvesOf, shopperIdsOf } from "../catalog.ts";
import { requestIds } from "../workloads/orders.ts";
import type { Stage, Task } from "../workloads/stage.ts";
import { workloads } from "../workloads/workloads.ts";
import { runLoop } from "./loops.ts";
import type { FromClient, Phase, Setting, ToClient } from "./messages.ts";
import { type Recorder, recorderOf } from "./recorder.ts";
import { callerOf, openRpc, type Rpc } from "./rpc.ts";

const PROGRESS_EVERY_MS = 250;
/** A refusal is an ordinary answer here, and its stack trace only costs time. */
Error.stackTraceLimit = 0;

type ClientState = Pick<
  Stage,
  "setting" | "shelves" | "shopperIds" | "callers" | "nextRequestId"
> & {
  rpcs: Map<string, Rpc>;
  /** Coupons used at each target. */
  couponsUsed: Map<string, number>;
};

let current: ClientState | undefined;

function stateOf(setting: Setting): ClientState {
  return {
    setting,
    shelves: shelvesOf(setting.size, setting.retail),
    shopperIds: shopperIdsOf(setting.size),
    callers: setting.tokens.map(callerOf),
    nextRequestId: requestIds(setting.client),
    rpcs: new Map(),
    couponsUsed: new Map(),
  };
}

function stageOf(state: ClientState, phase: Phase, recorder: Recorder): Stage {
  const { setting, rpcs, couponsUsed } = state;
  const rpc = (address: string | undefined): Rpc => {
    const key = address ?? "127.0.0.1:9";
    const found = rpcs.get(key) ?? openRpc(key);
    rpcs.set(key, found);
    return found;
  };
  const { places, target, seed } = phase;
  return {
    ...state,
    phase,
    order: rpc(places.order),
    goods: rpc(places.goods),
    pay: rpc(places.pay),
    random: seeded(`${seed} ${setting.client}`),
    nextCoupon() {
      const used = couponsUsed.get(target) ?? 0;
      couponsUsed.set(target, used + 1);
      const coupon = used * setting.clients + setting.client;
      if (coupon < setting.size.coupons) return coupon;
      // The bare call is faster than any shop, and spends no coupon.
      if (target === "bare") return coupon % setting.size.coupons;
      throw new Error("all coupons of the catalogue are used");
    },
    step: recorder.step,
    recordDue: recorder.recordDue,
  };
}

async function play(state: ClientState, phase: Phase): Promise<void> {
  const recorder = recorderOf(phase.seconds);
  const task: Task = await workloads[phase.workload](stageOf(state, phase, recorder));
  const progress = setInterval(
    () => send({ kind: "progress", done: recorder.done() }),
    PROGRESS_EVERY_MS,
  );
  recorder.begin();
  try {
    const run = recorder.recorded(task);
    const { seconds, loop } = phase;
    await runLoop(loop, { seconds, seed: `${phase.seed} ${state.setting.client}`, run });
  } finally {
    clearInterval(progress);
  }
  send({ kind: "result", result: recorder.result() });
}

function send(message: FromClient): void {
  process.send?.(message);
}

process.on("message", (message: ToClient) => {
  if (message.kind === "setting") {
    current = stateOf(message.setting);
    send({ kind: "ready" });
    return;
  }
  if (!current) throw new Error("received a phase before the setting");
  play(current, message.phase).catch((error: Error) => {
    send({ kind: "failed", message: error.message });
  });
});
// The bench has ended.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the process group; the bench stops its clients itself.
process.on("SIGINT", () => {});
