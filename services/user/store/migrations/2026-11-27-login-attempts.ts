import { Migration } from "@mikro-orm/migrations";

const ascii = "character set ascii collate ascii_bin";

export class Migration20261127LoginAttempts extends Migration {
  override up(): void {
    // No index on the window for the reads: they go by the primary key. origin is a network, a
    // device, or '*' for all networks.
    this.addSql(`create table login_attempts (
      name_key varchar(64) not null,
      origin varchar(64) ${ascii} not null,
      failures int not null,
      window_start datetime(3) not null,
      last_time datetime(3) not null,
      primary key (name_key, origin),
      key login_attempts_window (window_start),
      constraint login_attempts_failures check (failures >= 0)
    ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin`);
  }
}
