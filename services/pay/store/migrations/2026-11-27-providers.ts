import { Migration } from "@mikro-orm/migrations";

const ascii = "character set ascii collate ascii_bin";

/**
 * Payments for providers that answer with something else than an address, and that number trades
 * in their own way. The previous release inserts rows without the new columns.
 */
export class Migration20261127Providers extends Migration {
  override up(): void {
    // provider_references: JSON of the provider's own numbers by name. checkout_action: JSON of
    // what the shopper does to pay, unless it is to follow checkout_url. expire_time: until then
    // the shopper may pay; null in rows of the previous release.
    this.addSql(`alter table payments
      modify provider_trade_id varchar(255) ${ascii} null,
      modify checkout_url varchar(4000) ${ascii} not null default '',
      add provider_references text null,
      add checkout_action text null,
      add expire_time datetime(3) null`);
  }
}
