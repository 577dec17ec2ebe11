import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261124Payments extends Migration {
  override up(): void {
    // expiry_time is when an unpaid order is tried next: its payment deadline, and later while the
    // payment provider does not answer.
    this.addSql(`alter table orders
      add column payment_id bigint not null default 0,
      add column expiry_time datetime(3) null,
      drop key orders_by_deadline,
      add key orders_by_expiry (order_status, pay_status, expiry_time)`);
    this.addSql("update orders set expiry_time = pay_deadline");
    // late_payment_id: a payment of an order that was cancelled or paid already; its refund has no
    // lines and no request. status: 1 requested, 2 succeeded, 3 failed.
    this.addSql(`create table refunds (
      refund_id bigint not null,
      order_id bigint not null,
      request_id varchar(64) ${ascii} null,
      request_fingerprint binary(32) null,
      late_payment_id bigint null,
      payment_id bigint not null,
      status tinyint not null,
      pay_amount_cents bigint not null,
      balance_cents bigint not null,
      shipping_cents bigint not null,
      spent_cents bigint not null,
      whole tinyint not null,
      note varchar(500) not null,
      create_time datetime(3) not null default current_timestamp(3),
      finish_time datetime(3) null,
      primary key (refund_id),
      unique key refunds_request (request_id),
      unique key refunds_late_payment (late_payment_id),
      key refunds_of_order (order_id),
      constraint refund_status check (status between 1 and 3),
      constraint refund_amounts check (pay_amount_cents >= 0 and balance_cents >= 0
        and shipping_cents >= 0 and spent_cents >= 0),
      constraint refund_source check ((request_id is null) <> (late_payment_id is null))
    ) ${table}`);
    this.addSql(`create table refund_lines (
      refund_id bigint not null,
      goods_id bigint not null,
      order_id bigint not null,
      quantity bigint not null,
      unit_price_cents bigint not null,
      primary key (refund_id, goods_id),
      key refund_lines_of_order (order_id),
      constraint refund_line_positive check (quantity > 0)
    ) ${table}`);
  }
}
