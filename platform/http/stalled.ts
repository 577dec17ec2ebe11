import type { ServerResponse } from "node:http";
import { constants } from "node:http2";
import { streamOf } from "./answer.ts";

/** How often answers are looked at. */
const CHECK_EVERY_MS = 1_000;

export type StalledAnswers = {
  /** Looks after an answer until it is at its end. */
  watch(response: ServerResponse): void;
  stop(): void;
};

/**
 * Ends answers of which the client takes nothing for so long: its connection over HTTP/1.1, its stream over HTTP/2. Node
 * waits for ever, and keeps what was written. An answer that has nothing to say meanwhile, such as a stream of changes,
 * may be silent for as long as it likes.
 */
export function endStalledAnswers(withinMs: number): StalledAnswers {
  const answers = new Map<ServerResponse, { isStalled: boolean }>();
  const check = () => {
    for (const [response, state] of answers) {
      const isStalled = waitsForClient(response);
      if (isStalled === state.isStalled) continue;
      state.isStalled = isStalled;
      // Both kinds of timeout begin anew with each piece that is taken.
      const stream = streamOf(response);
      if (stream) stream.setTimeout(isStalled ? withinMs : 0, cancel);
      else response.socket?.setTimeout(isStalled ? withinMs : 0);
    }
  };
  const timer = setInterval(check, Math.min(CHECK_EVERY_MS, withinMs)).unref();
  return {
    watch(response) {
      answers.set(response, { isStalled: false });
      response.once("close", () => answers.delete(response));
    },
    stop: () => clearInterval(timer),
  };
}

function waitsForClient(response: ServerResponse): boolean {
  const stream = streamOf(response);
  // Of several requests on one connection only the first has it.
  if (!stream && !response.socket) return false;
  const { writableNeedDrain, writableEnded, writableFinished } = stream ?? response;
  return writableNeedDrain || (writableEnded && !writableFinished);
}

function cancel(this: NonNullable<ReturnType<typeof streamOf>>): void {
  this.close(constants.NGHTTP2_CANCEL);
}
