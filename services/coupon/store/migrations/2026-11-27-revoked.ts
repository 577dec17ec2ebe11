import { Migration } from "@mikro-orm/migrations";

export class Migration20261127Revoked extends Migration {
  override up(): void {
    // Status 4 is revoked. The number 3 is never stored: an unused coupon expires by its time.
    this.addSql("alter table coupons drop constraint coupons_used");
    this.addSql(`alter table coupons
      add column revoke_time datetime(3) null,
      add column revoke_note varchar(500) not null default '',
      add constraint coupons_used check (
        (status = 1 and order_id = 0 and used_time is null and revoke_time is null)
        or (status = 2 and order_id > 0 and used_time is not null and revoke_time is null)
        or (status = 4 and order_id = 0 and used_time is null and revoke_time is not null)
      )`);
  }
}
