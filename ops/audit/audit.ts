// The audit checks from the data alone what must always be true of the shop.
//
// A rule is one SELECT over a snapshot of all five schemas; each row it returns is an item that
// breaks the rule. A running shop breaks rules for moments: an order is confirmed before its event
// has reached every service. So the audit takes two snapshots:
//
//   1. The first checks every rule. What breaks one is a suspect.
//   2. Some seconds later the second checks only the rules that have suspects. A suspect is broken
//      if it still breaks its rule and its order is not in motion: not pending, not changed in the
//      last seconds, without undelivered events.
//
// What stays in motion too long has rules of its own, marked `always`: a pending order, an
// undelivered event, a parked message. A clean first snapshot ends the audit without a second one.

import { setTimeout as pause } from "node:timers/promises";
import { type Motion, ordersInMotion, readMotion } from "./motion.ts";
import type { Group, Rule, Scope } from "./rule.ts";
import { GROUPS } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";

type Finding = { item: string; says: string };

export type RuleReport = Pick<Rule, "name" | "says"> & {
  group: string;
  /** False where the provider's data or a schema that the rule reads could not be read. */
  looked: boolean;
  /** How many items break the rule. */
  broken: number;
  /** The first of them. */
  items: Finding[];
  /** Suspects whose orders are in motion. */
  inMotion: number;
};

export type Report = {
  rules: RuleReport[];
  motion: Motion;
  broken: number;
  /** What could not be read; empty if every rule was checked. */
  unseen: string[];
};

export type AuditOptions = {
  scope: Scope;
  openSnapshot: () => Promise<Snapshot>;
  /** Whether snapshots have the provider's data. */
  hasProvider: boolean;
  /** Why they do not have it. Default: no reason is named. */
  providerUnseen?: string;
  /** Schemas that the server does not have. Default: none. */
  missingSchemas?: readonly string[];
  /** An order that changed within this time is in motion. */
  quietSeconds: number;
  /** Pause between the two snapshots. */
  againAfterMs: number;
  /** Items that the report names for each rule; all are counted. */
  maxItems: number;
};

/** Suspects of a rule that are kept between the snapshots; more are only counted. */
const MAX_SUSPECTS = 10_000;

type Suspect = Finding & { orderId: bigint | undefined };
type Suspects = { kept: Map<string, Suspect>; count: number };

/** Checks all rules; see the head of this file. */
export async function audit(options: AuditOptions): Promise<Report> {
  const rules = GROUPS.flatMap((group) => group.rules.filter(isLookedAt(options, group)));
  const first = await withSnapshot(options, async (snapshot) => {
    const suspects = new Map<Rule, Suspects>();
    for (const rule of rules) {
      const found = await suspectsOf(snapshot, options.scope, rule);
      if (found.count > 0) suspects.set(rule, found);
    }
    return { suspects, motion: await motionOf(snapshot, options) };
  });
  if (first.suspects.size === 0) return reportOf(options, new Map(), first.motion);
  await pause(options.againAfterMs);
  return withSnapshot(options, async (snapshot) => {
    const outcomes = new Map<Rule, Outcome>();
    for (const [rule, before] of first.suspects) {
      const now = await suspectsOf(snapshot, options.scope, rule);
      outcomes.set(rule, await confirm(snapshot, options, { rule, before, now }));
    }
    return reportOf(options, outcomes, await motionOf(snapshot, options));
  });
}

/** Whether everything that a rule of the group reads can be read. */
function isLookedAt({ scope, hasProvider, missingSchemas = [] }: AuditOptions, group: Group) {
  return (rule: Rule): boolean => {
    if (group.needsProvider && !hasProvider) return false;
    return missingSchemas.every((schema) => !rule.sql(scope).includes(`${schema}.`));
  };
}

async function withSnapshot<T>(
  { openSnapshot }: AuditOptions,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const snapshot = await openSnapshot();
  try {
    return await work(snapshot);
  } finally {
    await snapshot.close();
  }
}

const motionOf = (snapshot: Snapshot, { scope, quietSeconds, missingSchemas }: AuditOptions) =>
  readMotion(snapshot, { ...scope, quietSeconds, missingSchemas });

async function suspectsOf(snapshot: Snapshot, scope: Scope, rule: Rule): Promise<Suspects> {
  const kept = new Map<string, Suspect>();
  let count = 0;
  try {
    for await (const row of snapshot.rows(rule.sql(scope))) {
      count += 1;
      if (kept.size >= MAX_SUSPECTS) continue;
      const item = String(row.item);
      const orderId = row.orderId === null ? undefined : BigInt(row.orderId as bigint);
      kept.set(item, { item, orderId, says: rule.describe(row) });
    }
  } catch (error) {
    throw new Error(`rule ${rule.name}: ${(error as Error).message}`, { cause: error });
  }
  return { kept, count };
}

type Outcome = Pick<RuleReport, "broken" | "items" | "inMotion">;

async function confirm(
  snapshot: Snapshot,
  options: AuditOptions,
  { rule, before, now }: { rule: Rule; before: Suspects; now: Suspects },
): Promise<Outcome> {
  const still = [...now.kept.values()].filter(({ item }) => before.kept.has(item));
  const orderIds = rule.always ? [] : still.flatMap(({ orderId }) => orderId ?? []);
  const moving = await ordersInMotion(
    snapshot,
    { ...options.scope, quietSeconds: options.quietSeconds },
    [...new Set(orderIds)],
  );
  const broken = still.filter(({ orderId }) => orderId === undefined || !moving.has(orderId));
  // Suspects that were only counted cannot be compared: those that both snapshots have are broken.
  const uncompared = Math.min(before.count - before.kept.size, now.count - now.kept.size);
  return {
    broken: broken.length + Math.max(uncompared, 0),
    items: broken.slice(0, options.maxItems).map(({ item, says }) => ({ item, says })),
    inMotion: still.length - broken.length,
  };
}

function reportOf(
  options: AuditOptions,
  outcomes: ReadonlyMap<Rule, Outcome>,
  motion: Motion,
): Report {
  const clean: Outcome = { broken: 0, items: [], inMotion: 0 };
  const rules = GROUPS.flatMap((group) =>
    group.rules.map((rule) => ({
      group: group.name,
      name: rule.name,
      says: rule.says,
      looked: isLookedAt(options, group)(rule),
      ...(outcomes.get(rule) ?? clean),
    })),
  );
  const unseen = [
    ...(options.missingSchemas ?? []).map((schema) => `the schema ${schema}, which does not exist`),
    ...(options.hasProvider
      ? []
      : [`the payment provider's records: ${options.providerUnseen ?? "not read"}`]),
  ];
  return { rules, motion, broken: rules.reduce((sum, { broken }) => sum + broken, 0), unseen };
}
