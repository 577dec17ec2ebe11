// Every bound of the goods service, with its unit and its reason.

/** Orders in one ReserveStock call; above the largest batch that the order service sends. */
export const MAX_RESERVATIONS = 1_000;
/**
 * Lines in one ReserveStock call and in one transaction, so that each statement stays below the
 * smallest packet size that MySQL can be set to.
 */
export const MAX_RESERVED_LINES = 20_000;
/** Bytes of names and skus in an answer of ReserveStock, below the 4 MiB of a message. */
export const MAX_SOLD_BYTES = 3.5 * 1024 * 1024;
/** Lines of one order; the longest invoice in a real wholesaler's data has 675. */
export const MAX_ORDER_LINES = 1_000;
/** Concurrent ReserveStock transactions in one process: one works while another one commits. */
export const MAX_RESERVE_IN_FLIGHT = 2;
/** ReserveStock calls that wait in one process; further calls get RESOURCE_EXHAUSTED at once. */
export const MAX_RESERVE_QUEUE = 1_000;

/** Units of one item. Above any warehouse, and low enough that no sum of units overflows int64. */
export const MAX_STOCK = 1_000_000_000_000n;

// Lengths of texts, in code points.
export const MAX_SKU = 64;
export const MAX_NAME = 200;
export const MAX_DESCRIPTION = 5_000;
export const MAX_IMAGE_URL = 2_000;
export const MAX_NOTE = 500;
/** An etag has 16. */
export const MAX_ETAG = 64;
export const MAX_QUERY = 200;
/** Words in one search; each is compared with every row that the search reads. */
export const MAX_QUERY_WORDS = 10;
/** Identifiers in one ListGoods call; as many as the longest order has lines. */
export const MAX_LISTED_IDS = 1_000;
