import { isDeepStrictEqual } from "node:util";
import { resolveUnknown } from "../load/load.ts";
import type { Market } from "../load/market.ts";
import { judgeAnswers } from "./answers.ts";
import { brokenRules } from "./books.ts";
import { type Facts, readFacts } from "./facts.ts";
import { type Findings, noFindings } from "./findings.ts";
import { judgePayments, judgePossessions } from "./money.ts";
import { judgeOrders } from "./orders.ts";
import { type Motion, untilQuiet } from "./quiet.ts";
import { judgeRefusals } from "./refusals.ts";
import { judgeCoupons, judgePoints } from "./rewards.ts";

export type Judgement = Findings & {
  /** Seconds from healing until nothing was in motion; undefined when something still is. */
  secondsToQuiet: number | undefined;
  /** What was in motion last, or still is. */
  lastMotion: Motion;
  /** Operations without an answer after everything was healed. */
  unanswered: number;
  /** Rules of the audit that are broken, one line for each item. */
  broken: string[];
};

/**
 * Time from healing until the shop must be quiet: a minute for an order, and more for many at once.
 */
const QUIET_WITHIN_MS = 120_000;

type JudgeOptions = {
  /** When everything was healed. */
  healedMs: number;
  /** When the shop was judged last. */
  sinceMs: number;
  signal?: AbortSignal | undefined;
  /** A shorter time for a shop that is known not to become quiet. */
  quietWithinMs?: number;
};

/**
 * Judges whether the shop kept its promises, once the load has stopped and everything is healed:
 * repeats what has no answer, waits until nothing is in motion, audits the books, and compares
 * books and answers with the history of the clients.
 */
export async function judge(
  market: Market,
  { healedMs, sinceMs, signal, quietWithinMs = QUIET_WITHIN_MS }: JudgeOptions,
): Promise<Judgement> {
  const patience = { untilMs: healedMs + quietWithinMs, signal };
  const unanswered = await resolveUnknown(market.history, patience);
  const { isQuiet, last: lastMotion } = await untilQuiet(market.system, patience);
  // Without the wait, the judgement would report effects that are merely late.
  signal?.throwIfAborted();
  const secondsToQuiet = isQuiet ? (Date.now() - healedMs) / 1_000 : undefined;
  const look = isQuiet
    ? await inspectWhileQuiet(market, { sinceMs, signal })
    : await inspectOnce(market, await readFacts(market), sinceMs);
  look.contradicted.unshift(...market.history.contradictions.splice(0));
  return { secondsToQuiet, lastMotion, ...look, unanswered };
}

/** Longer than the payment deadline of an order. */
const STABLE_WITHIN_MS = 180_000;

/**
 * Inspects books and answers until nothing changes meanwhile. An order may expire during an
 * inspection; then stored and answered states may differ, and the inspection does not count.
 */
async function inspectWhileQuiet(
  market: Market,
  { sinceMs, signal }: Pick<JudgeOptions, "sinceMs" | "signal">,
): Promise<Inspection & Partial<Judgement>> {
  const untilMs = Date.now() + STABLE_WITHIN_MS;
  for (;;) {
    const facts = await readFacts(market);
    const look = await inspectOnce(market, facts, sinceMs);
    const now = await untilQuiet(market.system, { untilMs: 0, signal });
    if (now.isQuiet && isDeepStrictEqual(facts, await readFacts(market))) return look;
    const again = await untilQuiet(market.system, { untilMs, signal });
    signal?.throwIfAborted();
    if (!again.isQuiet) return { ...look, secondsToQuiet: undefined, lastMotion: again.last };
  }
}

type Inspection = Findings & { broken: string[] };

async function inspectOnce(market: Market, facts: Facts, sinceMs: number): Promise<Inspection> {
  const findings = noFindings();
  judgeOrders(market, facts, findings);
  judgePayments(market, facts, findings);
  judgeRefusals(market, facts, findings);
  judgeCoupons(facts, findings);
  await judgePossessions(market, facts, findings);
  await judgePoints(market, facts, findings);
  await judgeAnswers(market, facts, { findings, sinceMs });
  return { ...findings, broken: await brokenRules(market.system) };
}

/** One line for each violation. */
export function violations(judgement: Judgement): string[] {
  const { lost, doubled, refusedWithEffect, contradicted, broken, unanswered } = judgement;
  const moving = judgement.secondsToQuiet === undefined ? judgement.lastMotion : {};
  return [
    ...lost.map((line) => `lost: ${line}`),
    ...doubled.map((line) => `doubled: ${line}`),
    ...refusedWithEffect.map((line) => `refused, with an effect: ${line}`),
    ...contradicted.map((line) => `contradicted: ${line}`),
    ...broken.map((line) => `broken: ${line}`),
    ...(unanswered > 0 ? [`${unanswered} operations have no answer`] : []),
    ...Object.entries(moving).map(([what, count]) => `never quiet: ${what} ${count}`),
  ];
}
