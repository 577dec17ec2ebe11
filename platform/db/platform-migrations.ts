import { Migration } from "@mikro-orm/migrations";

class PlatformTables extends Migration {
  override up(): void {
    // state: 1 new, 2 published, 3 done. Until next_at, the row belongs to the process that wrote
    // or claimed it; then the relay of any replica may claim it.
    this.addSql(`create table outbox (
      event_id bigint not null primary key,
      fact varchar(100) character set ascii collate ascii_bin not null,
      event_type varchar(100) character set ascii collate ascii_bin not null,
      order_id bigint not null,
      payload blob not null,
      traceparent varchar(64) character set ascii collate ascii_bin not null,
      consumers varchar(200) character set ascii collate ascii_bin not null,
      state tinyint not null,
      next_at datetime(3) not null,
      publishes int not null default 0,
      create_time datetime(3) not null default current_timestamp(3),
      publish_time datetime(3) null,
      key by_state (state, next_at),
      constraint outbox_state check (state between 1 and 3)
    ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin`);
    this.addSql(`create table inbox (
      event_id bigint not null,
      consumer varchar(64) character set ascii collate ascii_bin not null,
      handle_time datetime(3) not null default current_timestamp(3),
      primary key (event_id, consumer),
      key by_time (handle_time)
    ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin`);
    // state: 1 retrying, 2 parked. message_key is the event id, or the position in the stream of a
    // message without one.
    this.addSql(`create table parked_messages (
      consumer varchar(64) character set ascii collate ascii_bin not null,
      message_key varchar(100) character set ascii collate ascii_bin not null,
      event_id bigint null,
      subject varchar(200) not null,
      headers mediumtext not null,
      payload longblob not null,
      state tinyint not null,
      attempts int not null,
      error text not null,
      first_time datetime(3) not null default current_timestamp(3),
      last_time datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
      primary key (consumer, message_key),
      key by_event (event_id),
      constraint parked_state check (state between 1 and 2)
    ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin`);
    this.addSql(`create table snowflake_workers (
      worker_id int not null primary key,
      owner varchar(64) character set ascii collate ascii_bin not null,
      leased_until datetime(3) not null,
      high_water_ms bigint not null
    ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin`);
  }
}

class ParkedCause extends Migration {
  override up(): void {
    // cause: 0 not known, 1 the message, 2 an outage. restarts: those without an operator.
    this.addSql(`alter table parked_messages
      add column cause tinyint not null default 0,
      add column restarts int not null default 0,
      add constraint parked_cause check (cause between 0 and 2)`);
  }
}

/** The tables of the platform in the schema of every service. */
export const platformMigrations = [
  { name: "0001-platform", class: PlatformTables },
  { name: "0002-parked-cause", class: ParkedCause },
];
