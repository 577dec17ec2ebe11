import { Migration } from "@mikro-orm/migrations";

const table = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
const ascii = "character set ascii collate ascii_bin";

export class Migration20261123Coupon extends Migration {
  override up(): void {
    this.addSql(`create table coupons (
      coupon_id bigint not null,
      user_id bigint not null,
      amount_off_cents bigint not null,
      basis_points_off int not null,
      maximum_off_cents bigint not null,
      minimum_goods_amount_cents bigint not null,
      status smallint not null,
      order_id bigint not null default 0,
      valid_from datetime(3) not null,
      valid_until datetime(3) null,
      issue_time datetime(3) not null default current_timestamp(3),
      used_time datetime(3) null,
      request_id varchar(64) ${ascii} not null,
      request_fingerprint binary(32) not null,
      primary key (coupon_id),
      unique key coupons_request (request_id),
      key coupons_user (user_id, coupon_id),
      constraint coupons_discount check (
        (amount_off_cents > 0 and basis_points_off = 0 and maximum_off_cents = 0)
        or (amount_off_cents = 0 and basis_points_off between 1 and 10000)
      ),
      constraint coupons_not_negative check (
        maximum_off_cents >= 0 and minimum_goods_amount_cents >= 0
      ),
      constraint coupons_used check (
        (status = 1 and order_id = 0 and used_time is null)
        or (status = 2 and order_id > 0 and used_time is not null)
      )
    ) ${table}`);

    // The unique key on held_coupon_id refuses a second order that holds the same coupon.
    this.addSql(`create table coupon_uses (
      order_id bigint not null,
      coupon_id bigint not null,
      user_id bigint not null,
      goods_amount_cents bigint not null,
      amount_off_cents bigint not null,
      state smallint not null,
      refusal varbinary(1024) null,
      use_time datetime(3) not null default current_timestamp(3),
      held_coupon_id bigint generated always as (case when state = 1 then coupon_id end) stored,
      primary key (order_id),
      unique key coupon_uses_held (held_coupon_id),
      key coupon_uses_coupon (coupon_id),
      constraint coupon_uses_state check (state in (1, 2, 3)),
      constraint coupon_uses_refusal check ((state = 3) = (refusal is not null)),
      constraint coupon_uses_amounts check (
        amount_off_cents >= 0 and amount_off_cents <= goods_amount_cents
      )
    ) ${table}`);
  }
}
