import type { Course, Fault } from "../fault.ts";
import { checkout } from "../load/checkout.ts";
import { shopper } from "../load/shopper.ts";
import { cutAtPacket } from "../system/filters.ts";
import type { EdgeProxy } from "../system/proxy.ts";

/** Much more than a checkout needs on any edge. */
const MOST_PACKETS = 1_000;
/** Cuts from one judgement to the next. */
const BATCH = 250;
/** What takes longer, because a cut made it wait for another try, goes on beside the next checkout. */
const POINTS_WITHIN_MS = 3_000;
/** Runs without a fault, after which it is known which edges a checkout uses. */
const WARM_RUNS = 4;
const WHENS = ["before", "after"] as const;

/** The checkouts of one course, each by another shopper. */
function checkouts({ market }: Course) {
  let count = 0;
  return async (meanwhile: () => void = () => {}): Promise<boolean> => {
    count += 1;
    const userId = market.userIds[count % market.userIds.length] as bigint;
    // Beforehand: getting a coupon is no part of a checkout.
    const couponId = await shopper(market, userId).getCoupon();
    meanwhile();
    return checkout(market, { userId, couponId, withinMs: POINTS_WITHIN_MS });
  };
}

type Shopping = ReturnType<typeof checkouts>;

async function usedEdges({ system }: Course, shop: Shopping): Promise<EdgeProxy[]> {
  for (let run = 0; run < WARM_RUNS; run += 1) await shop();
  const before = new Map(system.edges.all.map((edge) => [edge, edge.packets()]));
  await shop();
  return system.edges.all.filter((edge) => edge.packets() > (before.get(edge) ?? 0));
}

type Sweep = { edge: EdgeProxy; shop: Shopping; cut(): Promise<void> };

/** Cuts before and after packet 1, 2, 3 ... of a checkout each, until it has no such packet. */
async function sweep({ signal }: Course, { edge, shop, cut }: Sweep): Promise<number> {
  for (let n = 1; n <= MOST_PACKETS; n += 1) {
    let wasCut = false;
    for (const when of WHENS) {
      if (signal.aborted) return n - 1;
      const { filter, done } = cutAtPacket(n, when);
      await shop(() => edge.filter(filter));
      edge.filter(undefined);
      if (!done()) continue;
      wasCut = true;
      await cut();
    }
    if (!wasCut) return n - 1;
  }
  throw new Error(`a checkout has no end of packets from ${edge.from} to ${edge.to}`);
}

export const packetSweep: Fault = {
  name: "packet-sweep",
  catalogue: ["F60"],
  what: "the connection is reset before and after each packet of one checkout, on each edge that it uses",
  load: false,
  async run(course) {
    const { system, log, injected, judge, signal } = course;
    // Each service once: every packet has one place, whichever replica would have been next.
    const seconds = system.programs.filter(({ name }) => name.endsWith("2"));
    await Promise.all(seconds.map((program) => program.end("SIGTERM")));
    const shop = checkouts(course);
    let cuts = 0;
    let packets = 0;
    try {
      const edges = await usedEdges(course, shop);
      log(`a checkout uses ${edges.length} edges`);
      const cut = async () => {
        injected();
        cuts += 1;
        if (cuts % BATCH === 0 && !signal.aborted) await judge(`${cuts} cuts`);
      };
      for (const edge of edges) {
        const count = await sweep(course, { edge, shop, cut });
        packets += count;
        log(`${edge.from} -> ${edge.to}: ${count} packets`);
      }
    } finally {
      for (const program of seconds) await program.start();
    }
    log(`${packets} packets, ${cuts} cuts`);
  },
};
