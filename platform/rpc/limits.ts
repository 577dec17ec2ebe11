/** The bounds of a server; every one of them answers instead of waiting. */
export type RpcLimits = {
  /** Unary calls under way. One more is refused at once with RESOURCE_EXHAUSTED. */
  maxInFlight: number;
  /** Streaming calls under way: they may be idle for minutes and must not take the place of work. */
  maxStreams: number;
  /** For a call that names no deadline. */
  defaultDeadlineMs: number;
  /** A longer deadline is cut to this. */
  maxDeadlineMs: number;
  /** The life of a stream; its client then asks again. */
  maxStreamMs: number;
  /** A request anyone may send. */
  maxPublicMessageBytes: number;
  /** Any other request, and every answer. */
  maxMessageBytes: number;
  /** How long stop() waits for what was accepted; the last to come may have the whole deadline. */
  stopMs: number;
};

export const DEFAULT_LIMITS: RpcLimits = {
  maxInFlight: 2_048,
  maxStreams: 1_024,
  defaultDeadlineMs: 10_000,
  maxDeadlineMs: 60_000,
  maxStreamMs: 30 * 60_000,
  maxPublicMessageBytes: 1024 * 1024,
  maxMessageBytes: 4 * 1024 * 1024,
  stopMs: 61_000,
};
