import { Migration20261123Order } from "./2026-11-23-order.ts";
import { Migration20261124Payments } from "./2026-11-24-payments.ts";
import { Migration20261127Completion } from "./2026-11-27-completion.ts";
import { Migration20261127FreeGoods } from "./2026-11-27-free-goods.ts";
import { Migration20261127Kept } from "./2026-11-27-kept.ts";
import { Migration20261127Refunds } from "./2026-11-27-refunds.ts";

/** In the order in which they are applied. A name never changes. */
export const migrations = [
  { name: "2026-11-23-order", class: Migration20261123Order },
  { name: "2026-11-24-payments", class: Migration20261124Payments },
  { name: "2026-11-27-kept", class: Migration20261127Kept },
  { name: "2026-11-27-completion", class: Migration20261127Completion },
  { name: "2026-11-27-free-goods", class: Migration20261127FreeGoods },
  { name: "2026-11-27-refunds", class: Migration20261127Refunds },
];
