import { channel } from "node:diagnostics_channel";

/** A unary call that was answered. */
export type Served = { path: string; requestBytes: number; answerBytes: number };

/** The diagnostics channel on which measurements receive each served call. */
export const SERVED = "jetshop.rpc.served";

const served = channel(SERVED);

/** Publishes a served call. Without a subscriber it costs one property read. */
export function publishServed(path: string, request: Uint8Array, answer: Uint8Array): void {
  if (!served.hasSubscribers) return;
  const message: Served = { path, requestBytes: request.length, answerBytes: answer.length };
  served.publish(message);
}
