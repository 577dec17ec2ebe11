import { Migration } from "@mikro-orm/migrations";

const ascii = "character set ascii collate ascii_bin";

/** What an order keeps of the settings and goods that it was made with. */
export class Migration20261127Kept extends Migration {
  override up(): void {
    // An order older than these columns has no currency and no rate: '' and null.
    // complete_after is when a shipped order completes; null leaves it to the shopper.
    // A phone number as people write it has up to 40 characters.
    this.addSql(`alter table orders
      add column currency_code varchar(3) ${ascii} not null default '',
      add column points_per_unit bigint null,
      add column complete_after datetime(3) null,
      modify column mobile varchar(40) not null,
      add key orders_to_complete (order_status, shipping_status, complete_after)`);
    this.addSql(`alter table order_lines
      add column name varchar(200) not null default '',
      add column sku varchar(64) not null default ''`);
    this.addSql(`alter table refunds
      add column keep_stock tinyint not null default 0,
      add column goodwill_cents bigint not null default 0,
      add constraint refund_goodwill check (goodwill_cents >= 0)`);
  }
}
