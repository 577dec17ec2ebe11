import { cutAtPacket } from "../../../testbed/proxy/filters.ts";
import type { EdgeProxy } from "../../../testbed/proxy/proxy.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { checkout } from "../load/checkout.ts";
import { shopper } from "../load/shopper.ts";

/** Far more packets than a checkout needs on any edge. */
const MOST_PACKETS = 1_000;
/** Cuts between two judgements. */
const BATCH = 300;
/** Edges that are cut during one checkout, each at a packet of its own. */
const AT_ONCE = 4;
/** A checkout that takes longer, because a cut caused a retry, continues beside the next one. */
const POINTS_WITHIN_MS = 3_000;
/** Checkouts without a fault that find out which edges a checkout uses. */
const WARM_RUNS = 4;

/** Runs checkouts, each by the next shopper. Resolves to whether the shopper got the points. */
function checkouts({ market }: ScriptContext) {
  let count = 0;
  return async (meanwhile: () => void = () => {}): Promise<boolean> => {
    count += 1;
    const userId = market.userIds[count % market.userIds.length] as bigint;
    // Before the cut, since getting a coupon is not part of a checkout.
    const couponId = await shopper(market, userId).getCoupon();
    meanwhile();
    return checkout(market, { userId, couponId, withinMs: POINTS_WITHIN_MS });
  };
}

type Shopping = ReturnType<typeof checkouts>;

/** The progress of the sweep of one edge: what is cut next. */
type Sweep = {
  edge: EdgeProxy;
  /** Whether the checkout starts on new connections, so that their first packets are cut, too. */
  isNew: boolean;
  n: number;
  when: "before" | "after";
  /**
   * Packets of a checkout without a fault. The longest sweep goes first, so that all end together.
   */
  expected: number;
  over: boolean;
};

/** Two sweeps for each edge that a checkout uses: on existing connections and on new ones. */
async function sweepsOf({ system }: ScriptContext, shop: Shopping): Promise<Sweep[]> {
  const { all } = system.edges;
  for (let run = 0; run < WARM_RUNS; run += 1) await shop();
  const before = new Map<EdgeProxy, number>();
  await shop(() => {
    for (const edge of all) before.set(edge, edge.packets());
  });
  const used = all.filter(
    (edge) => !isSecond(edge.to) && edge.packets() > (before.get(edge) ?? edge.packets()),
  );
  return [false, true].flatMap((isNew) =>
    used.map((edge): Sweep => {
      const expected = edge.packets() - (before.get(edge) ?? 0);
      return { edge, isNew, n: 1, when: "before", expected, over: false };
    }),
  );
}

/**
 * Runs one checkout with a cut on the edge of each sweep. Advances the sweeps whose packet came,
 * and returns the others.
 */
async function cutAtOnce(shop: Shopping, sweeps: readonly Sweep[]): Promise<Sweep[]> {
  const cuts = sweeps.map(({ n, when }) => cutAtPacket(n, when));
  await shop(() => {
    for (const [index, { edge, isNew }] of sweeps.entries()) {
      edge.filter(cuts[index]?.filter);
      if (isNew) edge.resetConnections();
    }
  });
  const left = sweeps.filter((_, index) => !cuts[index]?.done());
  for (const sweep of sweeps) {
    sweep.edge.filter(undefined);
    if (left.includes(sweep)) continue;
    if (sweep.when === "after") sweep.n += 1;
    sweep.when = sweep.when === "before" ? "after" : "before";
    if (sweep.n > MOST_PACKETS)
      throw new Error(`${nameOf(sweep)} has more than ${MOST_PACKETS} packets`);
  }
  return left;
}

/**
 * Cuts before and after packet 1, 2, 3 ... of a checkout on each edge, until a checkout has no such
 * packet.
 */
async function sweepAll(
  context: ScriptContext,
  sweeps: readonly Sweep[],
  shop: Shopping,
): Promise<void> {
  const { signal, injected, judge, log } = context;
  let unjudged = 0;
  const count = (cuts: number) => {
    injected(cuts);
    unjudged += cuts;
  };
  for (let open = [...sweeps]; open.length > 0; open = open.filter(({ over }) => !over)) {
    if (signal.aborted) return;
    open.sort((one, other) => other.expected - other.n - (one.expected - one.n));
    const edges = new Map(open.toReversed().map((sweep) => [sweep.edge, sweep]));
    const chosen = open.filter((sweep) => edges.get(sweep.edge) === sweep).slice(0, AT_ONCE);
    const left = await cutAtOnce(shop, chosen);
    count(chosen.length - left.length);
    for (const sweep of left) {
      // Another cut may have ended the checkout early; alone, the cut is reached if there is such a
      // packet.
      if ((await cutAtOnce(shop, [sweep])).length === 0) count(1);
      else sweep.over = true;
    }
    if (unjudged < BATCH) continue;
    unjudged = 0;
    await judge(`${packetsOf(sweeps)} packets`);
    log(`${packetsOf(sweeps)} packets so far, ${open.length} edges go on`);
  }
}

const isSecond = (name: string) => /[a-z]2$/.test(name);
const nameOf = ({ edge: { from, to }, isNew }: Sweep) => {
  return `${from} -> ${to}${isNew ? " (new)" : ""}`;
};
const packetsOf = (sweeps: readonly Sweep[]) => sweeps.reduce((sum, { n }) => sum + n - 1, 0);

export const packetSweep: Fault = {
  name: "packet-sweep",
  catalogue: ["F60"],
  what: "the connection is reset before and after each packet of a checkout, on each edge that it uses",
  load: false,
  async run(context) {
    const { system, log } = context;
    // One replica of each service, so that each packet always passes the same edge.
    const seconds = system.programs.filter(({ name }) => isSecond(name));
    await Promise.all(seconds.map((program) => program.end("SIGTERM")));
    try {
      const shop = checkouts(context);
      const sweeps = await sweepsOf(context, shop);
      await sweepAll(context, sweeps, shop);
      for (const sweep of sweeps) log(`${nameOf(sweep)}: ${sweep.n - 1} packets`);
      const warm = packetsOf(sweeps.filter(({ isNew }) => !isNew));
      const edges = `${warm} packets on ${sweeps.length / 2} edges`;
      log(`${edges}, ${packetsOf(sweeps)} including new connections, each cut before and after`);
    } finally {
      await Promise.all(seconds.map((program) => program.start()));
    }
  },
};
