/**
 * The largest amount of money, in cents: 2^53 - 1, which every reader represents exactly, JSON
 * numbers included. A larger amount is refused, never rounded.
 */
export const MAX_CENTS = 2n ** 53n - 1n;

/** The largest quantity of one order line. */
export const MAX_QUANTITY = 1_000_000n;

/** The largest identifier. Identifiers are positive 64-bit integers. */
export const MAX_IDENTIFIER = 2n ** 63n - 1n;
