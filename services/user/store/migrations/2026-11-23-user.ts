import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261123User extends Migration {
  override up(): void {
    // The balance has no upper bound: top-ups keep it within MAX_CENTS, but what a cancelled order
    // gives back must never be refused.
    this.addSql(`create table users (
      user_id bigint not null,
      user_name varchar(64) not null,
      user_name_key varchar(64) not null,
      password_hash varchar(255) ${ascii} not null,
      mobile varchar(20) ${ascii} not null default '',
      balance_cents bigint not null default 0,
      points bigint not null default 0,
      register_time datetime(3) not null default current_timestamp(3),
      primary key (user_id),
      unique key users_name (user_name_key),
      constraint users_balance_not_negative check (balance_cents >= 0)
    ) ${table}`);

    this.addSql(`create table balance_log (
      log_id bigint not null,
      user_id bigint not null,
      order_id bigint null,
      type smallint not null,
      amount_cents bigint not null,
      balance_after bigint not null,
      refund_id bigint not null default 0,
      request_id varchar(64) ${ascii} null,
      log_time datetime(3) not null default current_timestamp(3),
      primary key (log_id),
      unique key balance_log_effect (order_id, type, refund_id),
      unique key balance_log_request (request_id),
      key balance_log_user (user_id, log_id),
      constraint balance_log_not_negative check (balance_after >= 0)
    ) ${table}`);

    this.addSql(`create table point_log (
      log_id bigint not null,
      user_id bigint not null,
      order_id bigint not null,
      points bigint not null,
      refund_id bigint not null default 0,
      log_time datetime(3) not null default current_timestamp(3),
      primary key (log_id),
      unique key point_log_effect (order_id, refund_id),
      key point_log_user (user_id, log_id)
    ) ${table}`);

    this.addSql(`create table balance_holds (
      order_id bigint not null,
      user_id bigint not null,
      amount_cents bigint not null,
      state smallint not null,
      refusal varbinary(1024) null,
      hold_time datetime(3) not null default current_timestamp(3),
      primary key (order_id),
      key balance_holds_user (user_id),
      constraint balance_holds_not_negative check (amount_cents >= 0),
      constraint balance_holds_state check (state in (1, 2, 3)),
      constraint balance_holds_refusal check ((state = 3) = (refusal is not null))
    ) ${table}`);
  }
}
