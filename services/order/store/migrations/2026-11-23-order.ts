import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261123Order extends Migration {
  override up(): void {
    // balance_paid_cents is what the request asks for, from the start; coupon_paid_cents and
    // pay_amount_cents are set by the confirmation. failure is an ErrorInfo, the answer to a
    // repetition of a failed request.
    this.addSql(`create table orders (
      order_id bigint not null,
      user_id bigint not null,
      request_id varchar(64) ${ascii} not null,
      request_fingerprint binary(32) not null,
      order_status tinyint not null,
      pay_status tinyint not null default 1,
      shipping_status tinyint not null default 1,
      version int not null default 1,
      consignee varchar(64) not null,
      mobile varchar(32) not null,
      address_text varchar(500) not null,
      goods_amount_cents bigint not null,
      shipping_fee_cents bigint not null,
      order_amount_cents bigint not null,
      coupon_id bigint not null,
      coupon_paid_cents bigint not null default 0,
      balance_paid_cents bigint not null,
      pay_amount_cents bigint not null default 0,
      cancel_reason tinyint not null default 0,
      failure blob null,
      create_time datetime(3) not null default current_timestamp(3),
      confirm_time datetime(3) null,
      pay_time datetime(3) null,
      pay_deadline datetime(3) null,
      ship_time datetime(3) null,
      close_time datetime(3) null,
      tracking_number varchar(64) not null default '',
      primary key (order_id),
      unique key orders_request (user_id, request_id),
      key orders_of_user (user_id, order_id),
      key orders_by_status (order_status, create_time),
      key orders_by_deadline (order_status, pay_status, pay_deadline),
      constraint order_status_known check (order_status between 1 and 5),
      constraint order_amounts check (goods_amount_cents > 0 and shipping_fee_cents >= 0
        and order_amount_cents = goods_amount_cents + shipping_fee_cents),
      constraint order_paid check (coupon_paid_cents >= 0 and balance_paid_cents >= 0
        and pay_amount_cents >= 0 and coupon_paid_cents <= goods_amount_cents)
    ) ${table}`);
    this.addSql(`create table order_lines (
      order_id bigint not null,
      line_number int not null,
      goods_id bigint not null,
      quantity bigint not null,
      unit_price_cents bigint not null,
      primary key (order_id, line_number),
      constraint order_line_positive check (quantity > 0 and unit_price_cents > 0)
    ) ${table}`);
    this.addSql(`create table order_history (
      order_id bigint not null,
      version int not null,
      change_time datetime(3) not null default current_timestamp(3),
      order_status tinyint not null,
      pay_status tinyint not null,
      shipping_status tinyint not null,
      actor varchar(64) not null,
      cause varchar(64) not null,
      detail varchar(500) not null,
      primary key (order_id, version)
    ) ${table}`);
  }
}
