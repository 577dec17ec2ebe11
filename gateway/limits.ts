/** Of a platform's callback. The largest that platforms send are a few kilobytes. */
export const MAX_CALLBACK_BYTES = 64 * 1_024;

/** Headers that are handed on, and the length of each: a certificate's number and a signature are well below. */
export const MAX_PASSED_HEADERS = 16;
export const MAX_HEADER_LENGTH = 4_096;

/** The platforms hang up after 5 seconds, and then call again: an answer by then is no use. */
export const CALLBACK_TIMEOUT_MS = 4_000;

/** Callbacks at the same time; the platform calls again. */
export const MAX_CALLBACKS = 200;

/** Calls, and streams, under way through this process. One more is refused at once with RESOURCE_EXHAUSTED. */
export const MAX_CALLS = 1_024;
export const MAX_STREAMS = 1_000;

/** Streams of one user, or of one address without a user: some windows and devices, and nobody takes all places. */
export const MAX_STREAMS_PER_CALLER = 20;

/** Of a request, as it arrives and unpacked; an order of 500 lines has 30 KiB. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** What a service may answer at most. */
export const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/** A call that names no deadline gets the first; one that names a longer one than the second is refused. */
export const DEFAULT_DEADLINE_MS = 10_000;
export const MAX_DEADLINE_MS = 60_000;

/** How long a service keeps a stream; its client then asks again. */
export const MAX_STREAM_MS = 30 * 60_000;

/**
 * Of a stream of server reflection: a client asks once for each file or name, and is done in a second. The time is below
 * that which a request has to arrive (platform/http/server.ts), so that the stream ends as one that is done.
 */
export const MAX_REFLECTION_REQUESTS = 1_000;
export const MAX_REFLECTION_MS = 8_000;

/** For the answer of each service's health check. */
export const READY_TIMEOUT_MS = 2_000;

/** Browsers ask again after this whether another origin may call; Chromium's longest (2 hours). */
export const PREFLIGHT_SECONDS = 7_200;

/** Around the calls: callbacks, pages, and what is refused. */
export const HTTP_LIMITS = {
  maxInFlight: MAX_CALLS + MAX_STREAMS + MAX_CALLBACKS + 500,
  maxConnections: 5_000,
  stopMs: 15_000,
};
