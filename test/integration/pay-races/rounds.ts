import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";

/** How often two meet in each race: few in the whole suite, 1,000 with `npm run test:races`. */
export const ROUNDS = Number(process.env.SHOP_RACE_ROUNDS ?? 48);
/** For a test with so many rounds, on a machine that does other things, too. */
export const RACE_MS = 120_000 + ROUNDS * 600;
/** Races under way at once. */
export const LANES = 8;

/** Runs so many rounds, LANES at once. */
export async function rounds(work: (round: number) => Promise<void>): Promise<void> {
  const all = Array.from({ length: ROUNDS }, (_, round) => round);
  await pMap(all, work, { concurrency: LANES });
}

const FIRST_STEP_MS = 2;
const LONGEST_GAP_MS = 4_000;

/**
 * Lets two start so that either may win: the one that won starts later next time, by more and more for as long as it
 * wins, and by little as soon as it loses. Races that were under way when that was decided have no say in it.
 */
export function evenStart() {
  let gapMs = 0;
  let stepMs = FIRST_STEP_MS;
  let last: number | undefined;
  let decisions = 0;
  const wins: [number, number] = [0, 0];
  const lateBy = async (ms: number) => {
    if (ms > 0) await pause(ms);
  };
  function decide(winner: 0 | 1): void {
    decisions += 1;
    stepMs = winner === last ? stepMs * 2 : FIRST_STEP_MS;
    last = winner;
    const gap = gapMs + (winner === 0 ? stepMs : -stepMs);
    gapMs = Math.max(-LONGEST_GAP_MS, Math.min(LONGEST_GAP_MS, gap));
  }
  return {
    /** How often the first and the second won. */
    wins,
    /** Starts both at the barrier; resolves to what both resolved to. */
    async race<A, B>(
      first: () => Promise<A>,
      second: () => Promise<B>,
      winnerOf: (one: A, other: B) => 0 | 1 | Promise<0 | 1>,
    ): Promise<[A, B]> {
      const known = decisions;
      const gap = gapMs + (Math.random() - 0.5) * 2 * FIRST_STEP_MS;
      const [one, other] = await Promise.all([lateBy(gap).then(first), lateBy(-gap).then(second)]);
      const winner = await winnerOf(one, other);
      wins[winner] += 1;
      if (known === decisions) decide(winner);
      return [one, other];
    },
  };
}
