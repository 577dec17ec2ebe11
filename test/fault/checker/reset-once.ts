import type { Filter } from "../../../testbed/proxy/pipe.ts";

/**
 * Resets a connection once, before a request that `at` matches; with `after`, only on a connection
 * on which a request matched `after` before.
 */
export function resetOnce(when: {
  after?: (request: Buffer) => boolean;
  at: (request: Buffer) => boolean;
}): { filter: Filter; done: () => boolean } {
  const ready = new Set<number>();
  let done = false;
  const filter: Filter = ({ way, bytes, connection }) => {
    if (done || way !== "request") return "pass";
    if (when.at(bytes) && (when.after === undefined || ready.has(connection))) {
      done = true;
      return "reset";
    }
    if (when.after?.(bytes)) ready.add(connection);
    return "pass";
  };
  return { filter, done: () => done };
}
