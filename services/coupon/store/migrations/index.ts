import { Migration20261123Coupon } from "./2026-11-23-coupon.ts";
import { Migration20261127Revoked } from "./2026-11-27-revoked.ts";

/** In the order in which they are applied. A name never changes. */
export const migrations = [
  { name: "2026-11-23-coupon", class: Migration20261123Coupon },
  { name: "2026-11-27-revoked", class: Migration20261127Revoked },
];
