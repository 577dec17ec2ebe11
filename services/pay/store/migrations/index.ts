import { Migration20261123Pay } from "./2026-11-23-pay.ts";
import { Migration20261127Notices } from "./2026-11-27-notices.ts";
import { Migration20261127Providers } from "./2026-11-27-providers.ts";
import { Migration20261127Refunds } from "./2026-11-27-refunds.ts";

/** In the order in which they are applied. A name never changes once it was released. */
export const migrations = [
  { name: "2026-11-23-pay", class: Migration20261123Pay },
  { name: "2026-11-27-providers", class: Migration20261127Providers },
  { name: "2026-11-27-refunds", class: Migration20261127Refunds },
  { name: "2026-11-27-notices", class: Migration20261127Notices },
];
