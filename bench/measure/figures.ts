import type { Summary } from "../load/clients.ts";
import { spreadOf } from "../load/histograms.ts";
import { LOAD, type Reading } from "./meter.ts";

/** All figures of one turn by name, so that medians and ratios are computed alike for all. */
export type Figures = Record<string, number>;

const PLACE = "/shop.order.v1.OrderService/PlaceOrder";
/** The call of a batch of orders to goods, whose count gives the size of batches. */
const RESERVE = "/shop.goods.v1.GoodsService/ReserveStock";

const SPREAD = ["p50", "p90", "p99", "p999", "max"] as const;

/**
 * Computes the figures of a phase: rate, times, and costs per successful task. In a burst, refusals
 * count as well, because it ends when all customers have an answer. Tasks that ran beside it share
 * the costs.
 */
export function figuresOf(
  sum: Summary,
  run: { before: Reading; after: Reading; seconds: number; burst: boolean; beside: number },
): Figures {
  const { before, after, seconds, burst, beside } = run;
  const done = sum.ok.totalCount;
  const all = totalOf(sum.outcomes);
  const counted = (burst ? all : done) + beside;
  const each = (value: number) => (counted === 0 ? 0 : value / counted);
  const figures: Figures = {
    perSecond: burst ? all / (sum.elapsedMs / 1_000) : sum.inTime / seconds,
    done,
    notDone: all - done,
    elapsedMs: sum.elapsedMs,
  };
  const ok = spreadOf(sum.ok);
  for (const name of SPREAD) figures[`${name}Ms`] = ok[name];
  if (sum.refused.totalCount > 0) {
    const refused = spreadOf(sum.refused);
    for (const name of SPREAD) figures[`refused.${name}Ms`] = refused[name];
  }
  for (const [step, histogram] of Object.entries(sum.steps)) {
    const { p50, p99 } = spreadOf(histogram);
    Object.assign(figures, { [`step.${step}.p50Ms`]: p50, [`step.${step}.p99Ms`]: p99 });
  }
  addCosts(figures, { before, after, each });
  return figures;
}

export function totalOf(outcomes: Record<string, number>): number {
  return Object.values(outcomes).reduce((total, count) => total + count, 0);
}

function addCosts(
  figures: Figures,
  { before, after, each }: { before: Reading; after: Reading; each: (value: number) => number },
): void {
  let served = 0;
  for (const [name, cpuMs] of Object.entries(after.cpuMs)) {
    const own = cpuMs - (before.cpuMs[name] ?? 0);
    figures[`cpuMs.${name}`] = each(own);
    if (name !== LOAD) served += own;
  }
  figures.cpuMs = each(served);
  for (const [name, bytes] of Object.entries(after.residentBytes)) {
    figures[`memoryMib.${name}`] = bytes / 2 ** 20;
  }
  const database = (name: keyof Reading["database"]) =>
    each(after.database[name] - before.database[name]);
  figures.commits = database("commits");
  figures.flushes = database("flushes");
  figures.statements = database("statements");
  figures.rowsWritten = database("rowsWritten");
  figures.databaseBytes = database("bytes");
  figures.messages = each(after.storedMessages - before.storedMessages);
  if (before.rpcBytes !== undefined && after.rpcBytes !== undefined) {
    figures.rpcBytes = each(after.rpcBytes - before.rpcBytes);
  }
  addCalls(figures, { before, after, each });
}

function addCalls(
  figures: Figures,
  { before, after, each }: { before: Reading; after: Reading; each: (value: number) => number },
): void {
  if (!after.calls) return;
  const made = (path: string) =>
    (after.calls?.[path]?.calls ?? 0) - (before.calls?.[path]?.calls ?? 0);
  let total = 0;
  for (const path of Object.keys(after.calls)) {
    if (made(path) === 0) continue;
    total += made(path);
    figures[`calls.${path.slice(path.lastIndexOf("/") + 1)}`] = each(made(path));
  }
  figures.calls = each(total);
  if (made(RESERVE) > 0) figures.batch = made(PLACE) / made(RESERVE);
}
