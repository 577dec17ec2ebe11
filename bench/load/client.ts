// A client process of the load generator: it gets its orders from the bench over the IPC channel.

import { seeded } from "../../testbed/random.ts";
import { shelvesOf, shopperIdsOf } from "../catalog.ts";
import { requestIds } from "../workloads/orders.ts";
import type { Errand, Stage } from "../workloads/stage.ts";
import { workloads } from "../workloads/workloads.ts";
import { runLoop } from "./loops.ts";
import type { FromClient, Phase, Setting, ToClient } from "./messages.ts";
import { callerOf, openRpc, type Rpc } from "./rpc.ts";
import { type Sight, watch } from "./sight.ts";

const PROGRESS_EVERY_MS = 250;
/** A refusal is an answer here; where the library made an error of it is of no use. */
Error.stackTraceLimit = 0;

type Kept = Pick<Stage, "setting" | "shelves" | "shopperIds" | "callers" | "nextRequestId"> & {
  rpcs: Map<string, Rpc>;
  /** How many coupons were used at each target. */
  couponsUsed: Map<string, number>;
};

let kept: Kept | undefined;

function keep(setting: Setting): Kept {
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

function stageOf(own: Kept, phase: Phase, sight: Sight): Stage {
  const { setting, rpcs, couponsUsed } = own;
  const rpc = (address: string | undefined): Rpc => {
    const key = address ?? "127.0.0.1:9";
    const found = rpcs.get(key) ?? openRpc(key);
    rpcs.set(key, found);
    return found;
  };
  const { places, target, seed } = phase;
  return {
    ...own,
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
      // The bare call is faster than any shop, and nothing is spent there.
      if (target === "bare") return coupon % setting.size.coupons;
      throw new Error("there are no coupons left");
    },
    step: sight.step,
    tellDue: sight.tellDue,
  };
}

async function play(own: Kept, phase: Phase): Promise<void> {
  const sight = watch(phase.seconds);
  const errand: Errand = await workloads[phase.workload](stageOf(own, phase, sight));
  const progress = setInterval(
    () => tell({ kind: "progress", done: sight.done() }),
    PROGRESS_EVERY_MS,
  );
  sight.begin();
  try {
    const run = sight.judged(errand);
    const { seconds, loop } = phase;
    await runLoop(loop, { seconds, seed: `${phase.seed} ${own.setting.client}`, run });
  } finally {
    clearInterval(progress);
  }
  tell({ kind: "seen", seen: sight.seen() });
}

function tell(message: FromClient): void {
  process.send?.(message);
}

process.on("message", (message: ToClient) => {
  if (message.kind === "setting") {
    kept = keep(message.setting);
    tell({ kind: "ready" });
    return;
  }
  if (!kept) throw new Error("a phase came before the setting");
  play(kept, message.phase).catch((error: Error) => {
    tell({ kind: "failed", message: error.message });
  });
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the bench ends its clients itself.
process.on("SIGINT", () => {});
