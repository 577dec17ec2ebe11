// Every bound of the coupon service, with its unit and its reason.

/**
 * Entries in one UseCoupons call; the largest batch that the order service sends. Each of them
 * locks a row until the commit.
 */
export const MAX_USES = 1_000;

/** Code points of the note of RevokeCoupon. */
export const MAX_NOTE = 500;
