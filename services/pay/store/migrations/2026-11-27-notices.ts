import { Migration } from "@mikro-orm/migrations";

/** When a notice arrived for the first time: the answer to an unknown payment depends on it. */
export class Migration20261127Notices extends Migration {
  override up(): void {
    this.addSql(`alter table callbacks
      add first_time datetime(3) not null default current_timestamp(3)`);
  }
}
