/** Orders in one ClosePayments call: as many as the order service expires in one batch. */
export const MAX_CLOSED_ORDERS = 200;
/** Characters in a provider's name. */
export const MAX_PROVIDER_NAME = 32;
/** Characters in a return URL, percent-encoded; providers accept little more. */
export const MAX_RETURN_URL = 1_000;
/**
 * Payments or log entries of a page, unless the request asks for fewer. A page has 850 KiB at most:
 * a payment has an action of 8,000 characters (stored-payment.ts), an entry 500 of detail.
 */
export const DEFAULT_LISTED = 100;

/** Bytes in the body of a callback; the gateway has the same limit. */
export const MAX_CALLBACK_BYTES = 64 * 1_024;
/** Characters stored of each header that a callback is verified with. */
export const MAX_STORED_HEADER_VALUE = 1_000;
/** Paid notices in one transaction, waiting for one, and transactions of them under way. */
export const PAID_NOTICES_BATCH = 64;
export const PAID_NOTICES_QUEUE = 1_000;
export const PAID_NOTICES_IN_FLIGHT = 2;
/** Time between the starts of two such transactions; a notice that comes alone does not wait. */
export const PAID_NOTICES_EVERY_MS = 12;
/** Bytes stored of an unverified callback, and how many are stored: 40 MiB at most. */
export const MAX_UNVERIFIED_BYTES = 4_096;
export const MAX_UNVERIFIED_CALLBACKS = 10_000;
/** Unverified callbacks that are stored at once, and per second after that, by one process. */
export const UNVERIFIED_BURST = 100;
export const UNVERIFIED_PER_SECOND = 1;
export const PRUNE_EVERY_MS = 5_000;
export const PRUNE_BATCH = 1_000;
/** How long a notice about an unknown payment gets the failure answer, since it came first. */
export const UNKNOWN_PAYMENT_PATIENCE_MS = 10 * 60_000;
/** Repetitions of one notice with log entries of their own; its callback row counts the others. */
export const MAX_LOGGED_REPETITIONS = 100;

/** Time for a provider to answer one request. */
export const PROVIDER_TIMEOUT_MS = 5_000;
/** Bytes in a provider's answer. */
export const MAX_PROVIDER_ANSWER_BYTES = 64 * 1_024;
/** Time for a provider to send the statement of a day, and bytes in it, packed and unpacked. */
export const STATEMENT_TIMEOUT_MS = 120_000;
export const MAX_STATEMENT_BYTES = 256 * 1_024 * 1_024;
/** Characters in the address of a checkout page: the width of its column. */
export const MAX_CHECKOUT_URL = 4_000;
/** Requests to providers under way at once, for one call or one sweep. */
export const PROVIDER_IN_FLIGHT = 8;
/** Time for the order service to answer. */
export const ORDER_TIMEOUT_MS = 3_000;

/** How often the sweeps look for due payments and refunds, and how many each takes at once. */
export const SWEEP_EVERY_MS = 500;
export const SWEEP_BATCH = 64;
/** Longest pause between two queries of a payment, or two tries of a refund. */
export const MAX_SWEEP_PAUSE_MS = 5 * 60_000;
/** Longest pause between two queries of a refund that the provider has accepted; it takes days. */
export const MAX_PENDING_PAUSE_MS = 30 * 60_000;
/** Longest pause between two tries of a refund that waits for an operator. */
export const MAX_ACTION_PAUSE_MS = 60 * 60_000;
/** First pause of a payment to be closed: its order waits, and the shopper can still pay. */
export const FIRST_CLOSING_PAUSE_MS = 1_000;
/** After its expire time, when a payment that its provider does not have can no longer begin. */
export const EXPIRY_MARGIN_MS = 60_000;
/** After its expire time, how long the order of a payment waits for money that is on its way. */
export const PROCESSING_PATIENCE_MS = 10 * 60_000;
/** How long ClosePayments has a payment to itself before the sweep may take it. */
export const CLOSING_CLAIM_MS = 2_000;
