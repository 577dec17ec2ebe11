// Every bound of the coupon service, with its unit and its reason.

/** Entries in one UseCoupons; the largest batch of the order service. Each locks a row until commit. */
export const MAX_USES = 1_000;
