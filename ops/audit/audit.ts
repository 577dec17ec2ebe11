import { setTimeout as pause } from "node:timers/promises";
import type { Look } from "./database.ts";
import { type Motion, ordersInMotion, readMotion } from "./motion.ts";
import type { Rule, Scope } from "./rule.ts";
import { GROUPS } from "./rules.ts";

export type Finding = { item: string; says: string };

export type RuleReport = Pick<Rule, "name" | "says"> & {
  group: string;
  /** False where the platform could not be asked. */
  looked: boolean;
  /** How many items break it, the first of them, and how many more might, but are in motion. */
  broken: number;
  items: Finding[];
  inMotion: number;
};

export type Report = { rules: RuleReport[]; motion: Motion; broken: number };

export type AuditOptions = {
  scope: Scope;
  /** Opens one moment of the data. */
  open: () => Promise<Look>;
  /** Whether that has the platform's side, too. */
  platform: boolean;
  /** An order that changed within so many seconds is in motion. */
  quietSeconds: number;
  /** Between the two looks. */
  againAfterMs: number;
  /** Items that are named for each rule. */
  maxItems: number;
};

/** Of one rule, kept between the looks; more are only counted. */
const MAX_SUSPECTS = 10_000;

type Suspect = Finding & { orderId: bigint | undefined };
type Suspects = { found: Map<string, Suspect>; count: number };

/**
 * Looks whether all rules hold. What breaks one is looked at again after a while: it counts where it is still there,
 * and its order is not in motion. So a running shop is clean while it does what it should.
 */
export async function audit(options: AuditOptions): Promise<Report> {
  const groups = GROUPS.filter(({ needsPlatform }) => options.platform || !needsPlatform);
  const first = await lookOnce(options, async (look) => {
    const suspects = new Map<Rule, Suspects>();
    for (const rule of groups.flatMap(({ rules }) => rules)) {
      const found = await suspectsOf(look, options.scope, rule);
      if (found.count > 0) suspects.set(rule, found);
    }
    return { suspects, motion: await motionOf(look, options) };
  });
  if (first.suspects.size === 0) return reportOf(options, new Map(), first.motion);
  await pause(options.againAfterMs);
  return lookOnce(options, async (look) => {
    const judged = new Map<Rule, Judged>();
    for (const [rule, before] of first.suspects) {
      const now = await suspectsOf(look, options.scope, rule);
      judged.set(rule, await judge(look, options, { rule, before, now }));
    }
    return reportOf(options, judged, await motionOf(look, options));
  });
}

async function lookOnce<T>({ open }: AuditOptions, work: (look: Look) => Promise<T>): Promise<T> {
  const look = await open();
  try {
    return await work(look);
  } finally {
    await look.close();
  }
}

const motionOf = (look: Look, { scope, quietSeconds }: AuditOptions) =>
  readMotion(look, { ...scope, quietSeconds });

async function suspectsOf(look: Look, scope: Scope, rule: Rule): Promise<Suspects> {
  const found = new Map<string, Suspect>();
  let count = 0;
  try {
    for await (const row of look.rows(rule.sql(scope))) {
      count += 1;
      if (found.size >= MAX_SUSPECTS) continue;
      const item = String(row.item);
      const orderId = row.orderId === null ? undefined : BigInt(row.orderId as bigint);
      found.set(item, { item, orderId, says: rule.tell(row) });
    }
  } catch (error) {
    throw new Error(`${rule.name}: ${(error as Error).message}`, { cause: error });
  }
  return { found, count };
}

type Judged = { broken: number; items: Finding[]; inMotion: number };

async function judge(
  look: Look,
  options: AuditOptions,
  { rule, before, now }: { rule: Rule; before: Suspects; now: Suspects },
): Promise<Judged> {
  const still = [...now.found.values()].filter(({ item }) => before.found.has(item));
  const orderIds = rule.always ? [] : still.flatMap(({ orderId }) => orderId ?? []);
  const moving = await ordersInMotion(
    look,
    { ...options.scope, quietSeconds: options.quietSeconds },
    [...new Set(orderIds)],
  );
  const broken = still.filter(({ orderId }) => orderId === undefined || !moving.has(orderId));
  // Of what was not kept in mind, nobody knows that it moves.
  const unseen = Math.min(before.count - before.found.size, now.count - now.found.size);
  return {
    broken: broken.length + Math.max(unseen, 0),
    items: broken.slice(0, options.maxItems).map(({ item, says }) => ({ item, says })),
    inMotion: still.length - broken.length,
  };
}

function reportOf(
  options: AuditOptions,
  judged: ReadonlyMap<Rule, Judged>,
  motion: Motion,
): Report {
  const nothing: Judged = { broken: 0, items: [], inMotion: 0 };
  const rules = GROUPS.flatMap((group) =>
    group.rules.map((rule) => ({
      group: group.name,
      name: rule.name,
      says: rule.says,
      looked: options.platform || !group.needsPlatform,
      ...(judged.get(rule) ?? nothing),
    })),
  );
  return { rules, motion, broken: rules.reduce((sum, { broken }) => sum + broken, 0) };
}
