import { DEFAULT_LIMITS } from "#platform/rpc/limits.ts";

/** Bytes of a provider's callback. The largest that providers send have a few kilobytes. */
export const MAX_CALLBACK_BYTES = 64 * 1_024;

/** Characters of each header of a callback that is passed on: a signature is far below. */
export const MAX_HEADER_LENGTH = 4_096;

/** Providers hang up after 5 seconds and send the callback again: a later answer is useless. */
export const CALLBACK_TIMEOUT_MS = 4_000;

/**
 * Concurrent callbacks from networks that have sent genuine ones. One more is answered 503, and the
 * provider sends it again.
 */
export const MAX_CALLBACKS = 200;

/**
 * Likewise from other networks, of all and of one, and how many a minute one may send. A provider
 * that calls for the first time needs one.
 */
export const MAX_UNPROVEN_CALLBACKS = 50;
export const MAX_UNPROVEN_PER_NETWORK = 10;
export const UNPROVEN_CALLBACKS_PER_MINUTE = 120;

/**
 * How many of them may wait for a place, and for how long. Providers send what came together
 * together, and a place is free or the network proven within milliseconds.
 */
export const MAX_UNPROVEN_WAITING = 100;
export const UNPROVEN_WAIT_MS = 1_000;

/** How long after its last genuine callback a network keeps its places. */
export const PROVEN_MS = 7 * 24 * 3_600_000;

/**
 * Concurrent calls, and streams, of this process. One more is refused with RESOURCE_EXHAUSTED. A call
 * counts once its request is in.
 */
export const MAX_CALLS = 1_024;
export const MAX_STREAMS = 1_000;

/**
 * Concurrent calls of one user. Streams of one user, or of one network without a user: enough for
 * several windows and devices.
 */
export const MAX_CALLS_PER_CALLER = 64;
export const MAX_STREAMS_PER_CALLER = 20;

/** Requests of all kinds that are not answered to the end, as the client reads it. */
export const MAX_REQUESTS = MAX_CALLS + MAX_STREAMS + 1_000;

/** Bytes of answers that clients have not read to the end. Above that, no call is accepted. */
export const MAX_UNREAD_BYTES = 64 * 1_024 * 1_024;

/** Bytes of a request, compressed and decompressed. Goods with a long description have 32 KiB. */
export const MAX_REQUEST_BYTES = 64 * 1_024;
/** Likewise, of requests with the lines of an order. 1,000 lines with names have 150 KiB. */
export const MAX_ORDER_BYTES = 256 * 1_024;

/**
 * How many times its compressed size a request may have, and the size up to which that does not
 * count. The lines of an order compress to a twentieth.
 */
export const MAX_UNPACKED_RATIO = 40;
export const MIN_UNPACKED_BYTES = 16 * 1_024;

/**
 * Bytes of a request, and of a page, that cost as much as one call. Both count against the rates,
 * since their use of the processor grows with their size.
 */
export const REQUEST_BYTES_PER_CALL = 4 * 1_024;
export const PAGE_BYTES_PER_CALL = 64 * 1_024;
/** Calls that a request for `/readyz` counts as: it asks five services. */
export const READY_CALLS = 10;

/** Characters of a URL, which has the message of a GET request. Proxies take as much. */
export const MAX_URL_LENGTH = 8 * 1_024;

/** Bytes of a response: no service sends more. */
export const MAX_RESPONSE_BYTES = DEFAULT_LIMITS.maxMessageBytes;

/**
 * Deadline of a call that names none, and the longest one that a call may name. The services have
 * the same limits, but shorten a longer deadline instead of refusing it.
 */
export const DEFAULT_DEADLINE_MS = DEFAULT_LIMITS.defaultDeadlineMs;
export const MAX_DEADLINE_MS = DEFAULT_LIMITS.maxDeadlineMs;

/** The services end a stream after this. Its client then opens a new one. */
export const MAX_STREAM_MS = DEFAULT_LIMITS.maxStreamMs;

/**
 * Requests and duration of a stream of server reflection. A client asks once for each file or name,
 * and takes about a second. The duration is below the time that a request has to arrive
 * (platform/http/server.ts), so that the stream ends normally instead of being cut.
 */
export const MAX_REFLECTION_REQUESTS = 1_000;
export const MAX_REFLECTION_MS = 8_000;

/** For the health check of each service. */
export const READY_TIMEOUT_MS = 2_000;

/**
 * How long caches may keep an answer of the public catalogue. It may be out of date for so long:
 * the current prices and stock are checked when an order is placed.
 */
export const CATALOGUE_SECONDS = 15;

/** How long browsers may cache a preflight answer: the longest that Chromium accepts. */
export const PREFLIGHT_SECONDS = 7_200;

/** Of the HTTP server below the calls: it also serves callbacks, pages and refused requests. */
export const HTTP_LIMITS = {
  maxInFlight: MAX_REQUESTS + MAX_CALLBACKS + MAX_UNPROVEN_CALLBACKS + MAX_UNPROVEN_WAITING,
  maxConnections: 5_000,
  stopMs: 15_000,
};
