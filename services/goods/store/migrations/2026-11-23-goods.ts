import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261123Goods extends Migration {
  override up(): void {
    this.addSql(`create table goods (
      goods_id bigint not null,
      request_id varchar(64) ${ascii} not null,
      request_fingerprint binary(32) not null,
      sku varchar(64) null,
      name varchar(200) not null,
      description text not null,
      unit_price_cents bigint not null,
      stock bigint not null,
      status smallint not null default 1,
      image_url varchar(2000) not null,
      create_time datetime(3) not null default current_timestamp(3),
      update_time datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
      primary key (goods_id),
      unique key goods_request (request_id),
      unique key goods_sku (sku),
      constraint goods_price_not_negative check (unit_price_cents >= 0),
      constraint goods_stock_not_negative check (stock >= 0),
      constraint goods_status check (status in (1, 2))
    ) ${table}`);

    // One row for each decided order, which also refuses a reservation that its release overtook.
    this.addSql(`create table reservations (
      order_id bigint not null,
      state smallint not null,
      refusal varbinary(1024) null,
      create_time datetime(3) not null default current_timestamp(3),
      update_time datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
      primary key (order_id),
      constraint reservations_state check (state in (1, 2, 3)),
      constraint reservations_refusal check ((state = 3) = (refusal is not null))
    ) ${table}`);

    // Every movement of every unit. The NULL in order_id keeps adjustments out of the unique key.
    this.addSql(`create table stock_log (
      log_id bigint not null,
      goods_id bigint not null,
      order_id bigint null,
      type smallint not null,
      delta bigint not null,
      stock_after bigint not null,
      refund_id bigint not null default 0,
      note varchar(500) not null default '',
      request_id varchar(64) ${ascii} null,
      log_time datetime(3) not null default current_timestamp(3),
      primary key (log_id),
      unique key stock_log_effect (order_id, goods_id, type, refund_id),
      unique key stock_log_request (request_id),
      key stock_log_goods (goods_id, log_id),
      constraint stock_log_type check (type in (1, 2, 3, 4)),
      constraint stock_log_not_negative check (stock_after >= 0)
    ) ${table}`);
  }
}
