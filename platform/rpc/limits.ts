/** The bounds of a server. Beyond a bound, a call is answered instead of queued. */
export type RpcLimits = {
  /** Unary calls under way. One more is refused at once with RESOURCE_EXHAUSTED. */
  maxInFlight: number;
  /**
   * Streams under way. They have a bound of their own, because they may be idle for minutes and
   * must not take the places of unary calls.
   */
  maxStreams: number;
  /** For a call that names no deadline. */
  defaultDeadlineMs: number;
  /** A longer deadline is shortened to this. */
  maxDeadlineMs: number;
  /** The longest life of a stream. Its client then opens a new one. */
  maxStreamMs: number;
  /** Bytes of a request to a public method, which anyone may send. */
  maxPublicMessageBytes: number;
  /** Bytes of any other request, and of every response. */
  maxMessageBytes: number;
  /** How long stop() waits for accepted calls: the last of them may use its whole deadline. */
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
