import type { Refusal } from "#platform/values/refusal.ts";
import {
  type Coupon,
  type CouponStatus,
  couponNotFound,
  refusalToSpend,
} from "../../services/coupon/domain/coupon.ts";
import { amountOffCents } from "../../services/coupon/domain/discount.ts";
import { decideReservations, type OnSale } from "../../services/goods/domain/reserve.ts";
import type { PlaceCommand } from "../../services/order/domain/place-request.ts";
import { decideHolds } from "../../services/user/domain/deduct.ts";
import { big, type Transaction } from "./connections.ts";

// Reads, without locks, what decides about an order. Rules and refusals are those of the services.

type Spent = PlaceCommand & { goodsAmountCents: bigint };

type CouponRow = {
  userId: string;
  amountOffCents: string;
  basisPointsOff: number;
  maximumOffCents: string;
  minimumGoodsAmountCents: string;
  status: CouponStatus;
  orderId: string;
  validFrom: Date;
  validUntil: Date | null;
  usedTime: Date | null;
  now: Date;
};

const SELECT_COUPON = `select user_id as userId, amount_off_cents as amountOffCents,
    basis_points_off as basisPointsOff, maximum_off_cents as maximumOffCents,
    minimum_goods_amount_cents as minimumGoodsAmountCents, status, order_id as orderId,
    valid_from as validFrom, valid_until as validUntil, used_time as usedTime, now(3) as now
  from coupons where coupon_id = ?`;

/** The discount of the coupon, or why it cannot be spent. */
export async function couponDiscount(tx: Transaction, order: Spent): Promise<bigint | Refusal> {
  const [row] = await tx.select<CouponRow>(SELECT_COUPON, [big(order.couponId)]);
  const coupon = row && couponOf(order.couponId, row);
  const refusal = refusalToSpend(coupon, order, row?.now ?? new Date());
  if (refusal || !coupon) return refusal ?? couponNotFound(order.couponId);
  return amountOffCents(coupon.discount, order.goodsAmountCents);
}

/** The driver returns BIGINT as text, because a double cannot hold every value. */
function couponOf(couponId: bigint, row: CouponRow): Coupon {
  const { status, validFrom, validUntil, usedTime, basisPointsOff } = row;
  const off: Coupon["discount"]["off"] =
    basisPointsOff > 0
      ? { kind: "percent", basisPoints: basisPointsOff }
      : { kind: "amount", cents: BigInt(row.amountOffCents) };
  const discount = {
    off,
    maximumOffCents: BigInt(row.maximumOffCents),
    minimumGoodsAmountCents: BigInt(row.minimumGoodsAmountCents),
  };
  const owner = { userId: BigInt(row.userId), orderId: BigInt(row.orderId) };
  const period = { validFrom, validUntil };
  // The benchmark revokes no coupon.
  return { couponId, ...owner, discount, status, ...period, usedTime, revokeTime: null };
}

const selectGoods = (count: number) => `select goods_id as goodsId, status,
    unit_price_cents as unitPriceCents, stock
  from goods where goods_id in (${Array.from({ length: count }, () => "?").join(", ")})`;

/** Why the goods cannot be ordered now; undefined when they can. */
export async function goodsRefusal(
  tx: Transaction,
  { lines }: PlaceCommand,
): Promise<Refusal | undefined> {
  const goodsIds = lines.map(({ goodsId }) => big(goodsId));
  const rows = await tx.select<Record<"goodsId" | "unitPriceCents" | "stock", string> & OnSale>(
    selectGoods(lines.length),
    goodsIds,
  );
  const goods = new Map(
    rows.map(({ goodsId, status, unitPriceCents, stock }) => [
      BigInt(goodsId),
      { status, unitPriceCents: BigInt(unitPriceCents), stock: BigInt(stock) },
    ]),
  );
  const request = { orderId: 1n, lines };
  return decideReservations([request], { goods, early: new Map() }).reservations[0]?.refusal;
}

const SELECT_BALANCE = "select balance_cents as balance from users where user_id = ?";

/** Why the user cannot spend the balance now; undefined when it is sufficient. */
export async function balanceRefusal(
  tx: Transaction,
  { userId, balanceCents: amountCents }: PlaceCommand,
): Promise<Refusal | undefined> {
  const [row] = await tx.select<{ balance: string }>(SELECT_BALANCE, [big(userId)]);
  const balances = new Map(row ? [[userId, BigInt(row.balance)]] : []);
  const request = { orderId: 1n, userId, amountCents };
  return decideHolds([request], { balances, early: new Map() }).holds[0]?.refusal;
}
