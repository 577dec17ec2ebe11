/**
 * The largest amount of money, in cents. Sums up to here stay exact in whatever reads them, JSON numbers included;
 * what would be larger is refused, never rounded.
 */
export const MAX_CENTS = 2n ** 53n - 1n;

/** The largest quantity of one order line. */
export const MAX_QUANTITY = 1_000_000n;

/** The largest identifier: ids are positive int64. */
export const MAX_IDENTIFIER = 2n ** 63n - 1n;
