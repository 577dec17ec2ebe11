import type { Bench } from "../bench.ts";
import { median } from "../report/statistics.ts";
import type { Turn } from "../turn.ts";
import { playTurn } from "../turns.ts";

const IN_FLIGHT = 256;
const SECONDS = 5;
const MAXIMUM = "maximum";

/**
 * The most orders per second of the shop: from earlier turns of this run, or from a short turn now.
 */
export async function maximumOf(
  bench: Bench,
  played: readonly Turn[],
): Promise<{ perSecond: number; turns: Turn[] }> {
  const load = `${IN_FLIGHT} in flight`;
  const known = played.filter(
    (turn) =>
      turn.target === "shop" && turn.load === load && ["place", MAXIMUM].includes(turn.workload),
  );
  if (known.length > 0) {
    return { perSecond: median(known.map(({ figures }) => figures.perSecond ?? 0)), turns: [] };
  }
  const turn = await playFull(bench, MAXIMUM);
  return { perSecond: turn.figures.perSecond ?? 0, turns: [turn] };
}

/** Plays a short turn of place with enough in flight for the shop's maximum. */
export async function playFull(bench: Bench, title: string): Promise<Turn> {
  const { due: _, ...turn } = await playTurn(bench, {
    target: "shop",
    workload: "place",
    title,
    loop: { kind: "closed", inFlight: IN_FLIGHT },
    seconds: bench.options.seconds ?? SECONDS,
    warmUpSeconds: bench.options.warmUpSeconds,
    seed: title,
  });
  bench.logTurn(turn, { turn: 0, of: 1 });
  return turn;
}
