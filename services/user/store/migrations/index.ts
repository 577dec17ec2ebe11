import { Migration20261123User } from "./2026-11-23-user.ts";
import { Migration20261124Refunds } from "./2026-11-24-refunds.ts";
import { Migration20261125Sessions } from "./2026-11-25-sessions.ts";
import { Migration20261127LoginAttempts } from "./2026-11-27-login-attempts.ts";
import { Migration20261127Phones } from "./2026-11-27-phones.ts";
import { Migration20261127PointUnits } from "./2026-11-27-point-units.ts";

/** In the order in which they are applied. A name never changes. */
export const migrations = [
  { name: "2026-11-23-user", class: Migration20261123User },
  { name: "2026-11-24-refunds", class: Migration20261124Refunds },
  { name: "2026-11-25-sessions", class: Migration20261125Sessions },
  { name: "2026-11-27-phones", class: Migration20261127Phones },
  { name: "2026-11-27-point-units", class: Migration20261127PointUnits },
  { name: "2026-11-27-login-attempts", class: Migration20261127LoginAttempts },
];
