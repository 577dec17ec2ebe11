import { Migration } from "@mikro-orm/migrations";

/** Refunds that the provider proves later, and may take back. */
export class Migration20261127Refunds extends Migration {
  override up(): void {
    // status: 1 requested, 2 succeeded, 4 requires action. reopens: how often the provider took a
    // success back. points_base_cents: what the refund took points back for; null before its first
    // success, and for refunds that an earlier release finished, which took them for spent_cents.
    this.addSql(`alter table refunds
      add column reopens int not null default 0,
      add column points_base_cents bigint null,
      drop constraint refund_status,
      add constraint refund_status_known check (status between 1 and 4)`);
  }
}
