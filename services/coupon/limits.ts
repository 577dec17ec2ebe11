// Every bound of the coupon service, with its unit and its reason.

/** Entries of one UseCoupons: what the order service gathers at most. Each is a locked row for the time of a commit. */
export const MAX_USES = 1_000;
