import { Migration } from "@mikro-orm/migrations";

export class Migration20261127PointUnits extends Migration {
  override up(): void {
    // Older rows were computed with hundredths for every currency.
    this.addSql("alter table point_log add column unit_cents bigint not null default 100");
  }
}
