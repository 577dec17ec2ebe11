import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";

export class Migration20261124Returns extends Migration {
  override up(): void {
    // State 4: a refund arrived before the reservation; early_returns stores it until then.
    this.addSql("alter table reservations drop constraint reservations_state");
    this.addSql(`alter table reservations
      add constraint reservations_state check (state in (1, 2, 3, 4))`);
    this.addSql(`create table early_returns (
      refund_id bigint not null,
      goods_id bigint not null,
      order_id bigint not null,
      quantity bigint not null,
      primary key (refund_id, goods_id),
      key early_returns_order (order_id),
      constraint early_returns_positive check (quantity > 0)
    ) ${table}`);
  }
}
