/** Orders in one ClosePayments call (contract): what the order service expires in one batch. */
export const MAX_CLOSED_ORDERS = 200;
/** Characters of a platform's name. */
export const MAX_PROVIDER = 32;
/** Characters of a return address; platforms take hardly more. */
export const MAX_RETURN_URL = 1_000;
/** Payments of one order in an answer: each try after a closed one is a new payment. */
export const MAX_LISTED_PAYMENTS = 100;
/** Entries of a payment log in an answer; the counted repetitions keep it far below. */
export const MAX_LISTED_LOG = 1_000;

/** Bytes of a callback: the gateway takes no more either. */
export const MAX_CALLBACK_BYTES = 64 * 1_024;
/** Callbacks that pay in one transaction, how many wait for one, and transactions of such under way at once. */
export const PAYMENTS_BATCH = 64;
export const PAYMENTS_QUEUE = 1_000;
export const PAYMENTS_IN_FLIGHT = 2;
/** Between the beginnings of two of them: what many callbacks wait for one another, and one alone does not. */
export const PAYMENTS_EVERY_MS = 12;
/** Bytes kept of what nobody proved to have sent, and how many of those: 40 MiB at most. */
export const MAX_UNPROVEN_BYTES = 4_096;
export const MAX_UNPROVEN_CALLBACKS = 10_000;
export const PRUNE_EVERY_MS = 5_000;
export const PRUNE_BATCH = 1_000;
/** Repetitions of one notice that the payment log shows one by one; more are only counted on its record. */
export const MAX_LOGGED_REPETITIONS = 100;

/** What a payment platform may take for an answer. */
export const PLATFORM_TIMEOUT_MS = 5_000;
/** Bytes of a platform's answer. */
export const MAX_PLATFORM_ANSWER_BYTES = 64 * 1_024;
/** What the order service may take for an answer. */
export const ORDER_TIMEOUT_MS = 3_000;
/** Questions to a platform under way at once for one caller. */
export const PLATFORM_IN_FLIGHT = 8;

/** How often due payments and refunds are looked for, and how many one look takes. */
export const SWEEP_EVERY_MS = 500;
export const SWEEP_BATCH = 64;
/** No open payment is asked about, and no refund tried, less often than this. */
export const MAX_SWEEP_PAUSE_MS = 5 * 60_000;
/** The first pause of a payment that is to be closed: its order waits, and its shopper might still pay. */
export const FIRST_CLOSING_PAUSE_MS = 1_000;
/** Leaves the payment to the caller that closes it just now. */
export const CLOSING_CLAIM_MS = 2_000;
