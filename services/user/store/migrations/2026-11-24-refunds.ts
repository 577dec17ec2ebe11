import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";

export class Migration20261124Refunds extends Migration {
  override up(): void {
    // state 4: a refund came before the deduction; what it gives back waits in early_refunds.
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
    // spent_cents: signed, what the row adds to the base of the order's points, each full unit of which earns
    // points_per_unit. Rows from before did not keep what was spent beyond full units, nor the rate: the points that
    // they gave stand for the units.
    this.addSql(`alter table point_log
      add column spent_cents bigint not null default 0,
      add column points_per_unit bigint not null default 1`);
    this.addSql("update point_log set spent_cents = points * 100");
  }
}
