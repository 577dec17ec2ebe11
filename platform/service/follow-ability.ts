import { type Periodic, periodically } from "../db/periodic.ts";
import type { Log } from "../telemetry/log.ts";
import type { Inability } from "../values/inability.ts";

const CHECK_EVERY_MS = 2_000;

/**
 * Checks until stopped whether a part of the ground can do its work, and passes the result to
 * `set`: the cause why not, undefined if it can. A reason that two checks in a row give is logged once, and so is its end.
 */
export function followAbility(
  part: string,
  options: {
    /** Undefined if the part can work. */
    check(): Promise<Inability | undefined>;
    set(cause: string | undefined): void;
    log: Log;
    /** @default 2_000 */
    everyMs?: number;
  },
): Periodic {
  const { check, set, log, everyMs = CHECK_EVERY_MS } = options;
  let previous: string | undefined;
  let logged: string | undefined;
  return periodically({
    name: `check-${part}`,
    everyMs,
    log,
    work: async () => {
      const { reason, cause } = (await check()) ?? {};
      set(cause);
      const isLasting = reason === undefined || reason === previous;
      previous = reason;
      if (reason === logged || !isLasting) return false;
      logged = reason;
      if (reason === undefined) log.info({ part }, "works again");
      else log.error({ part, reason }, "not able to work");
      return false;
    },
  });
}
