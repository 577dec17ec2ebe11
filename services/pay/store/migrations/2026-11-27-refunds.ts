import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

/** Refunds that a provider proves later, or takes back; refunds that others made; disputes. */
export class Migration20261127Refunds extends Migration {
  override up(): void {
    // status: 1 requested, 2 succeeded, 3 failed (the provider refused the latest number), 4 requires
    // action of an operator, 5 pending at the provider. sent_attempt: the highest attempt whose
    // number the provider may know. reference: the provider's own number. reopens: how often the
    // provider took a success back. The previous release retries 1 and 3 only.
    this.addSql(`alter table refunds
      add column sent_attempt int not null default 0,
      add column reference varchar(255) ${ascii} null,
      add column reopens int not null default 0,
      drop constraint refund_status_known,
      add constraint refund_status_is_known check (status between 1 and 5)`);
    this.addSql(`update refunds set sent_attempt = attempt - (status = 3)
      where tries > 0 and sent_attempt = 0`);
    // refund_after: no refund is sent before it, as providers want time between two of a payment.
    this.addSql("alter table payments add column refund_after datetime(3) null");
    this.addSql(`alter table payment_log
      drop constraint payment_log_type,
      add constraint payment_log_type_known check (type between 1 and 40)`);
    this.addSql(`alter table callbacks
      drop constraint callback_verdict,
      add constraint callback_verdict_known check (verdict between 1 and 20)`);
    // Refunds of the shop's payments that the shop did not request. status as in refunds.
    // amount_cents is null if the provider states only the sum of all refunds.
    this.addSql(`create table foreign_refunds (
      provider varchar(32) ${ascii} not null,
      foreign_id varchar(255) ${ascii} not null,
      payment_id bigint not null,
      status tinyint not null,
      amount_cents bigint null,
      currency char(3) ${ascii} not null,
      create_time datetime(3) not null default current_timestamp(3),
      finish_time datetime(3) null,
      primary key (provider, foreign_id),
      key foreign_refunds_of_payment (payment_id),
      constraint foreign_refund_status check (status in (2, 3, 5)),
      constraint foreign_refund_amount check (amount_cents > 0)
    ) ${table}`);
    // status: 1 open, 2 won, 3 lost. The withdrawn and reinstated amounts are null until the
    // provider has moved the money.
    this.addSql(`create table disputes (
      provider varchar(32) ${ascii} not null,
      dispute_id varchar(255) ${ascii} not null,
      payment_id bigint not null,
      status tinyint not null,
      amount_cents bigint not null,
      currency char(3) ${ascii} not null,
      withdrawn_cents bigint null,
      withdrawn_fee_cents bigint null,
      withdrawn_time datetime(3) null,
      reinstated_cents bigint null,
      reinstated_fee_cents bigint null,
      reinstated_time datetime(3) null,
      create_time datetime(3) not null default current_timestamp(3),
      close_time datetime(3) null,
      primary key (provider, dispute_id),
      key disputes_of_payment (payment_id),
      constraint dispute_status check (status between 1 and 3)
    ) ${table}`);
  }
}
