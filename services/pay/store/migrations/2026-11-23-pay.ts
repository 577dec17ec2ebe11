import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261123Pay extends Migration {
  override up(): void {
    // One row for each order with payments, locked while one is started or closed. closed_time:
    // since then the order accepts no new payment.
    this.addSql(`create table payable_orders (
      order_id bigint not null,
      closed_time datetime(3) null,
      primary key (order_id)
    ) ${table}`);
    // status: 1 open, 2 succeeded, 3 closed, 4 partially refunded, 5 refunded. open_order_id limits
    // an order to one open payment at each provider. closing: the payment is to be closed at its
    // provider. next_check: from then on any replica may query an open payment. checks: the number
    // of queries so far.
    this.addSql(`create table payments (
      payment_id bigint not null,
      order_id bigint not null,
      user_id bigint not null,
      provider varchar(32) ${ascii} not null,
      status tinyint not null,
      open_order_id bigint generated always as (if(status = 1, order_id, null)) stored,
      amount_cents bigint not null,
      currency char(3) ${ascii} not null,
      return_url varchar(2000) ${ascii} not null,
      provider_trade_id varchar(64) ${ascii} null,
      checkout_url varchar(2000) ${ascii} not null default '',
      refund_requested_cents bigint not null default 0,
      refunded_cents bigint not null default 0,
      closing tinyint not null default 0,
      checks int not null default 0,
      next_check datetime(3) not null,
      create_time datetime(3) not null default current_timestamp(3),
      pay_time datetime(3) null,
      close_time datetime(3) null,
      primary key (payment_id),
      unique key payments_open (open_order_id, provider),
      unique key payments_trade (provider, provider_trade_id),
      key payments_of_order (order_id, payment_id),
      key payments_to_check (status, next_check),
      constraint payment_status_known check (status between 1 and 5),
      constraint payment_amount check (amount_cents > 0),
      constraint payment_refunds check (refunded_cents >= 0
        and refunded_cents <= refund_requested_cents and refund_requested_cents <= amount_cents),
      constraint payment_captured check (refund_requested_cents = 0 or status in (2, 4, 5)),
      constraint payment_paid check ((status in (1, 3)) = (pay_time is null))
    ) ${table}`);
    this.addSql(`create table payment_log (
      log_id bigint not null,
      payment_id bigint not null,
      type tinyint not null,
      detail varchar(500) not null,
      log_time datetime(3) not null default current_timestamp(3),
      primary key (log_id),
      key payment_log_of_payment (payment_id, log_time, log_id),
      constraint payment_log_type check (type between 1 and 8)
    ) ${table}`);
    // source: 1 callback, 2 query. verdict: 1 accepted, 2 late, 3 repeated, 4 ignored, 5 refused.
    // notice_id is null if the callback is not verified: only the newest of those are kept, with
    // the start of their bodies. receive_time: when headers and body arrived. repeats: the
    // repetitions of the notice since then.
    this.addSql(`create table callbacks (
      callback_id bigint not null,
      provider varchar(32) ${ascii} not null,
      source tinyint not null,
      notice_id varchar(128) ${ascii} null,
      payment_id bigint null,
      verdict tinyint not null,
      cause varchar(32) ${ascii} not null,
      reason int not null,
      headers text not null,
      body mediumblob not null,
      repeats int not null default 0,
      receive_time datetime(3) not null default current_timestamp(3),
      last_time datetime(3) not null default current_timestamp(3),
      primary key (callback_id),
      unique key callbacks_notice (provider, notice_id),
      key callbacks_unproven (notice_id, callback_id),
      key callbacks_of_payment (payment_id, callback_id),
      constraint callback_verdict check (verdict between 1 and 5)
    ) ${table}`);
    // status: 1 requested, 2 succeeded, 3 failed (the provider refused it; it is retried). attempt
    // is part of the refund's number at the provider: a refusal is final there, so the next try
    // needs a new number.
    this.addSql(`create table refunds (
      refund_id bigint not null,
      payment_id bigint not null,
      order_id bigint not null,
      amount_cents bigint not null,
      status tinyint not null,
      failure varchar(200) not null default '',
      attempt int not null default 1,
      tries int not null default 0,
      next_try datetime(3) not null,
      create_time datetime(3) not null default current_timestamp(3),
      finish_time datetime(3) null,
      primary key (refund_id),
      key refunds_of_payment (payment_id, refund_id),
      key refunds_to_try (status, next_try),
      constraint refund_amount check (amount_cents > 0),
      constraint refund_status_known check (status between 1 and 3)
    ) ${table}`);
  }
}
