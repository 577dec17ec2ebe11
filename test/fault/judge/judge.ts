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
  /** From healing until nothing moved any more; undefined where it still moves. */
  secondsToQuiet: number | undefined;
  /** What moved last, or still moves. */
  lastMotion: Motion;
  /** Questions that nobody would answer after all was mended. */
  unanswered: number;
  /** Rules of the audit that are broken. */
  broken: string[];
};

/** From healing; spec.md gives an order a minute, a batch of trouble takes longer. */
const QUIET_WITHIN_MS = 120_000;

type Occasion = {
  /** When all that was broken was whole again. */
  healedMs: number;
  /** When it was judged last. */
  sinceMs: number;
  signal?: AbortSignal | undefined;
  /** Of a shop of which it is known that it will not be quiet. */
  quietWithinMs?: number;
};

/**
 * Says whether the shop kept its word, once the load is stopped and all is mended: asks again for what is unknown, waits
 * until nothing moves, audits the books, and compares them and the services' answers with what the clients were told.
 */
export async function judge(
  market: Market,
  { healedMs, sinceMs, signal, quietWithinMs = QUIET_WITHIN_MS }: Occasion,
): Promise<Judgement> {
  const patience = { untilMs: healedMs + quietWithinMs, signal };
  const unanswered = await resolveUnknown(market.history, patience);
  const { isQuiet, last: lastMotion } = await untilQuiet(market.system, patience);
  // A judgement that was not waited for would be an unjust one.
  signal?.throwIfAborted();
  const secondsToQuiet = isQuiet ? (Date.now() - healedMs) / 1_000 : undefined;
  const look = isQuiet
    ? await lookWhileStill(market, { sinceMs, signal })
    : await lookOnce(market, await readFacts(market), sinceMs);
  look.contradicted.unshift(...market.history.contradictions.splice(0));
  return { secondsToQuiet, lastMotion, ...look, unanswered };
}

/** Longer than an order has to be paid. */
const STILL_WITHIN_MS = 180_000;

/**
 * Looks at books and answers until nothing has changed meanwhile. The time to pay of some order may end during a look,
 * and then what was stored and what is answered a second later differ rightly: that look does not count.
 */
async function lookWhileStill(
  market: Market,
  { sinceMs, signal }: Pick<Occasion, "sinceMs" | "signal">,
): Promise<Look & Partial<Judgement>> {
  const untilMs = Date.now() + STILL_WITHIN_MS;
  for (;;) {
    const facts = await readFacts(market);
    const look = await lookOnce(market, facts, sinceMs);
    const now = await untilQuiet(market.system, { untilMs: 0, signal });
    if (now.isQuiet && isDeepStrictEqual(facts, await readFacts(market))) return look;
    const again = await untilQuiet(market.system, { untilMs, signal });
    signal?.throwIfAborted();
    if (!again.isQuiet) return { ...look, secondsToQuiet: undefined, lastMotion: again.last };
  }
}

type Look = Findings & { broken: string[] };

async function lookOnce(market: Market, facts: Facts, sinceMs: number): Promise<Look> {
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

/** Everything that is wrong, in lines. */
export function violations(judgement: Judgement): string[] {
  const { lost, doubled, refusedWithEffect, contradicted, broken, unanswered } = judgement;
  const moving = judgement.secondsToQuiet === undefined ? judgement.lastMotion : {};
  return [
    ...lost.map((line) => `lost: ${line}`),
    ...doubled.map((line) => `doubled: ${line}`),
    ...refusedWithEffect.map((line) => `refused, with an effect: ${line}`),
    ...contradicted.map((line) => `contradicted: ${line}`),
    ...broken.map((line) => `broken: ${line}`),
    ...(unanswered > 0 ? [`${unanswered} questions have no answer`] : []),
    ...Object.entries(moving).map(([what, count]) => `never quiet: ${what} ${count}`),
  ];
}
