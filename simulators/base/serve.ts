import { setTimeout as pause } from "node:timers/promises";
import { pathOf } from "#platform/http/answer.ts";
import type { HttpHandler } from "#platform/http/server.ts";
import { type Face, readCall } from "./face.ts";
import { take } from "./faults.ts";

/** Answers every request of a face, with the faults that are set at the moment. */
export function serveFace(face: Face, nudge: () => void): HttpHandler {
  return async (request, response) => {
    if (pathOf(request) === "/healthz") return { status: 200, body: "ok" };
    const faults = face.faults.current;
    if (faults.down) return undefined;
    const call = await readCall(request, response);
    const page = face.page(call);
    if (page) {
      const answer = await page;
      nudge();
      return answer;
    }
    if (take(faults, "rate_limit")) return face.failure("rate_limit", call);
    if (take(faults, "error")) return face.failure("error", call);
    const answer = await face.api(call);
    nudge();
    if (faults.slow_ms > 0) await pause(faults.slow_ms, undefined, { ref: false });
    if (take(faults, "lose_answers")) return undefined;
    return take(faults, "error_after") ? face.failure("error", call) : answer;
  };
}
