import type { ServerResponse } from "node:http";
import { constants } from "node:http2";
import { streamOf } from "./answer.ts";

/** How often answers are checked. */
const CHECK_EVERY_MS = 1_000;
/** How many times `timeoutMs` a client may take for the whole of an answer that is complete. */
const WHOLE_ANSWER = 8;

type StalledAnswers = {
  /** Watches an answer until it ends. */
  watch(response: ServerResponse): void;
  stop(): void;
};

/**
 * Ends answers of which the client reads nothing for `timeoutMs`, or not the whole in eight times as
 * long: the connection over HTTP/1.1, the stream over HTTP/2. Node waits without limit, and keeps
 * everything written so far in memory. An answer that has nothing to send, such as an idle stream of
 * changes, is not stalled.
 */
export function endStalledAnswers(timeoutMs: number): StalledAnswers {
  const answers = new Map<ServerResponse, { isStalled: boolean; completeMs?: number }>();
  const check = () => {
    const now = performance.now();
    for (const [response, state] of answers) {
      const isStalled = waitsForClient(response);
      if (isStalled && response.writableEnded) {
        state.completeMs ??= now;
        if (now - state.completeMs > WHOLE_ANSWER * timeoutMs) end(response);
      }
      if (isStalled === state.isStalled) continue;
      state.isStalled = isStalled;
      // Both timeouts restart whenever the client reads some of the answer.
      const stream = streamOf(response);
      if (stream) stream.setTimeout(isStalled ? timeoutMs : 0, cancel);
      else response.socket?.setTimeout(isStalled ? timeoutMs : 0);
    }
  };
  const timer = setInterval(check, Math.min(CHECK_EVERY_MS, timeoutMs)).unref();
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
  // Of several pipelined requests, only the first has the socket.
  if (!stream && !response.socket) return false;
  const { writableNeedDrain, writableEnded, writableFinished } = stream ?? response;
  return writableNeedDrain || (writableEnded && !writableFinished);
}

function end(response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream) cancel.call(stream);
  else response.socket?.destroy();
}

function cancel(this: NonNullable<ReturnType<typeof streamOf>>): void {
  this.close(constants.NGHTTP2_CANCEL);
}
