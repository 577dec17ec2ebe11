/** Orders in one ReserveStock call: what an order service gathers in one batch, with room to spare. */
export const MAX_RESERVATIONS = 1_000;
/** Lines in one ReserveStock call and in one transaction: their statements stay below MySQL's least packet size. */
export const MAX_RESERVED_LINES = 20_000;
/** Lines of one order: the longest invoice of a real wholesaler has 675. */
export const MAX_ORDER_LINES = 1_000;
/** ReserveStock transactions under way at once in this process: a second one fills the time of the first one's commit. */
export const MAX_RESERVE_IN_FLIGHT = 2;
/** ReserveStock calls waiting in this process; more are refused at once with RESOURCE_EXHAUSTED. */
export const MAX_RESERVE_QUEUE = 1_000;

/** Units of one item. Far above any warehouse, and so far below int64 that no sum of units overflows. */
export const MAX_STOCK = 1_000_000_000_000n;

/** Characters. */
export const MAX_SKU = 64;
export const MAX_NAME = 200;
export const MAX_DESCRIPTION = 5_000;
export const MAX_IMAGE_URL = 2_000;
export const MAX_NOTE = 500;
export const MAX_QUERY = 200;
/** Words of a search: each costs a comparison with every row that is looked at. */
export const MAX_QUERY_WORDS = 10;
/** Identifiers in one ListGoods call: the lines of the longest order. */
export const MAX_LISTED_IDS = 1_000;
