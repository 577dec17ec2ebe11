import { Migration } from "@mikro-orm/migrations";

/** Goods can be free. */
export class Migration20261127FreeGoods extends Migration {
  override up(): void {
    this.addSql(`alter table orders
      drop constraint order_amounts,
      add constraint order_amounts_add_up check (goods_amount_cents >= 0
        and shipping_fee_cents >= 0
        and order_amount_cents = goods_amount_cents + shipping_fee_cents)`);
    this.addSql(`alter table order_lines
      drop constraint order_line_positive,
      add constraint order_line_amounts check (quantity > 0 and unit_price_cents >= 0)`);
  }
}
