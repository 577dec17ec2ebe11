import { Migration } from "@mikro-orm/migrations";

const ascii = "character set ascii collate ascii_bin";

export class Migration20261127Phones extends Migration {
  override up(): void {
    // Numbers as people write them: digits of any script, separators, extensions.
    this.addSql(`alter table users
      modify column mobile varchar(40) not null default '',
      add column mobile_e164 varchar(16) ${ascii} not null default ''`);
  }
}
