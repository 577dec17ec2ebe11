import { SERVICES } from "#proto/services.ts";
import type { Schemas } from "../shop/schemas.ts";

/**
 * Whether every order that was created before this time has its outcome, and every event has
 * reached all its consumers.
 */
export async function isSettled(sql: Schemas["sql"], before: Date): Promise<boolean> {
  // The form in which the columns keep it: UTC without a time zone.
  const time = before.toISOString().slice(0, 23).replace("T", " ");
  const waiting = "select 1 from outbox where state in (1, 2) and create_time <= ? limit 1";
  for (const service of SERVICES) {
    if ((await sql(service, waiting, [time])).length > 0) return false;
  }
  const pending = "select 1 from orders where order_status = 1 and create_time <= ? limit 1";
  return (await sql("order", pending, [time])).length === 0;
}
