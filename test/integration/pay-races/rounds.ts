import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";

/** Rounds of each race: few in the whole suite, 1,000 with `npm run test:races`. */
export const ROUNDS = Number(process.env.SHOP_RACE_ROUNDS ?? 48);
/** The time limit of a test with so many rounds, on a busy machine. */
export const RACE_MS = 120_000 + ROUNDS * 600;
/** Rounds under way at once. */
export const IN_FLIGHT = 8;

/** Runs ROUNDS rounds, IN_FLIGHT at once. */
export async function rounds(work: (round: number) => Promise<void>): Promise<void> {
  const all = Array.from({ length: ROUNDS }, (_, round) => round);
  await pMap(all, work, { concurrency: IN_FLIGHT });
}

const FIRST_STEP_MS = 2;
const LONGEST_GAP_MS = 4_000;

/**
 * Starts two calls so that either may win. The winner of a race starts later in the next one, by a
 * delay that doubles while it keeps winning and is small again once it loses. Only races that began
 * after the last adjustment adjust the delay.
 */
export function evenStart() {
  let gapMs = 0;
  let stepMs = FIRST_STEP_MS;
  let last: number | undefined;
  let decisions = 0;
  const wins: [number, number] = [0, 0];
  const delayBy = async (ms: number) => {
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
    /** How many races the first and the second call won. */
    wins,
    /** Runs one race and returns both results. */
    async race<A, B>(
      first: () => Promise<A>,
      second: () => Promise<B>,
      winnerOf: (one: A, other: B) => 0 | 1 | Promise<0 | 1>,
    ): Promise<[A, B]> {
      const known = decisions;
      const gap = gapMs + (Math.random() - 0.5) * 2 * FIRST_STEP_MS;
      const [one, other] = await Promise.all([
        delayBy(gap).then(first),
        delayBy(-gap).then(second),
      ]);
      const winner = await winnerOf(one, other);
      wins[winner] += 1;
      if (known === decisions) decide(winner);
      return [one, other];
    },
  };
}
