import { Migration20261123Goods } from "./2026-11-23-goods.ts";
import { Migration20261124Returns } from "./2026-11-24-returns.ts";

/** In the order in which they are applied. A name never changes. */
export const migrations = [
  { name: "2026-11-23-goods", class: Migration20261123Goods },
  { name: "2026-11-24-returns", class: Migration20261124Returns },
];
