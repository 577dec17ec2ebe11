import { channel } from "node:diagnostics_channel";

/** A unary call that was answered. */
export type Served = { path: string; requestBytes: number; answerBytes: number };

/** Where measurements hear of each; where none listens, that costs one look. */
export const SERVED = "jetshop.rpc.served";

const listeners = channel(SERVED);

export function tellServed(path: string, request: Uint8Array, answer: Uint8Array): void {
  if (!listeners.hasSubscribers) return;
  const served: Served = { path, requestBytes: request.length, answerBytes: answer.length };
  listeners.publish(served);
}
