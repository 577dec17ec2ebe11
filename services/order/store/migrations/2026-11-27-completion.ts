import { Migration } from "@mikro-orm/migrations";

export class Migration20261127Completion extends Migration {
  override up(): void {
    // Only orders on their way have complete_after, so the key needs no other column. A key that
    // starts with the status is rewritten by every transition of every order.
    this.addSql(`update orders set complete_after = null
      where complete_after is not null and (order_status <> 2 or shipping_status <> 2)`);
    this.addSql(`alter table orders
      drop key orders_to_complete,
      add key orders_by_completion (complete_after)`);
  }
}
