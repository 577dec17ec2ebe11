import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";

export class Migration20261124Refunds extends Migration {
  override up(): void {
    // State 4: a refund arrived before the deduction; early_refunds stores it until then.
    this.addSql("alter table balance_holds drop constraint balance_holds_state");
    this.addSql(`alter table balance_holds
      add column returned_cents bigint not null default 0,
      add constraint balance_holds_state check (state in (1, 2, 3, 4)),
      add constraint balance_holds_returned check (returned_cents between 0 and amount_cents)`);
    this.addSql(`create table early_refunds (
      refund_id bigint not null,
      order_id bigint not null,
      balance_cents bigint not null,
      primary key (refund_id),
      key early_refunds_order (order_id),
      constraint early_refunds_positive check (balance_cents > 0)
    ) ${table}`);
    // spent_cents is signed: what the row adds to the amount whose full units earn points_per_unit
    // each. Older rows kept neither that amount nor the rate, so it is derived from their points.
    this.addSql(`alter table point_log
      add column spent_cents bigint not null default 0,
      add column points_per_unit bigint not null default 1`);
    this.addSql("update point_log set spent_cents = points * 100");
  }
}
