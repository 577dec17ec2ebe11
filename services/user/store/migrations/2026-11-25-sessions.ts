import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";

export class Migration20261125Sessions extends Migration {
  override up(): void {
    // Holds no secret: tokens are derived from these columns with a key outside the database.
    this.addSql(`create table sessions (
      session_id bigint not null,
      user_id bigint not null,
      generation bigint not null,
      rotated_time datetime(3) not null default current_timestamp(3),
      expire_time datetime(3) not null,
      ended_time datetime(3) null,
      primary key (session_id),
      key sessions_user (user_id, session_id),
      constraint sessions_generation check (generation >= 1)
    ) ${table}`);
  }
}
