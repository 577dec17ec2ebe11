import type { Outcome } from "./stage.ts";

/** How much slower the slowest 1 % of the shoppers' requests may become. */
const SLOWER = 5;
/**
 * A quiet p99 below this counts as this, in ms: on an idle machine it is so low that one pause of
 * the machine exceeds its fivefold.
 */
const QUIET_MS = 20;
/** Resident memory of the gateway, in MiB. */
const MEMORY_MIB = 300;

/** What an attack achieved that it must not. */
export function faultsOf({ quiet, attacked, memoryMib, failures }: Outcome): string[] {
  const allowedMs = SLOWER * Math.max(quiet.p99, QUIET_MS);
  const [first] = attacked.refused;
  return [
    ...(quiet.refused.length > 0 ? [`refused without an attack: ${quiet.refused[0]}`] : []),
    ...(first ? [`${attacked.refused.length} requests of shoppers failed, such as ${first}`] : []),
    ...(attacked.p99 > allowedMs ? [`p99 is ${attacked.p99} ms, above ${allowedMs} ms`] : []),
    ...(memoryMib > MEMORY_MIB ? [`the gateway uses ${memoryMib} MiB, above ${MEMORY_MIB}`] : []),
    ...(failures > 0 ? [`the gateway logged ${failures} failures`] : []),
  ];
}
