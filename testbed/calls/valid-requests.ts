import assert from "node:assert/strict";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../simulators/sandbox/signature.ts";
import {
  amountOff,
  insertUsers,
  KNOWN_PASSWORD,
  newCoupon,
  newGoods,
  newId,
  newKey,
  newShopper,
  type PlaceRequest,
  placeRequest,
  SHIPPING,
} from "../orders/fixtures.ts";
import { noticeOf } from "../orders/notices.ts";
import type { Shop } from "../shop/shop.ts";
import type { Method } from "./contract.ts";

export type CallerKind = "anonymous" | "user" | "admin" | "service";
export type World = Awaited<ReturnType<typeof newWorld>>;
type Request = Record<string, unknown>;
type Valid = { caller: CallerKind; request(world: World): Request | Promise<Request> };

const PROVIDER = "sandbox";
const RETURN_URL = "http://localhost:3000/thanks";

/**
 * What the valid requests refer to: a shopper with goods, a coupon, a balance and an order, and
 * things that are created when they are first asked for.
 */
export async function newWorld(shop: Shop) {
  const shopper = await newShopper(shop, { balanceCents: 1_000_000_000n });
  const { userId, calls } = shopper;
  const stock = 1_000_000n;
  const goods = await newGoods(shop, { stock });
  // Changed by UpdateGoods and AdjustStock, so that the price of the first item stays.
  const changing = await newGoods(shop, { stock });
  const { couponId } = await newCoupon(shop, userId);
  const place = async (quantity: bigint, fields: Partial<PlaceRequest> = {}) => {
    const request = placeRequest({ userId, lines: [[goods, quantity]] }, fields);
    const { order } = await calls.order.placeOrder(request);
    return order ?? assert.fail();
  };
  const startedPayment = async () => {
    const { orderId } = await place(1n);
    const start = { orderId, provider: PROVIDER, returnUrl: RETURN_URL };
    return (await calls.pay.createPayment(start)).payment ?? assert.fail();
  };
  /** A new order of this quantity that the balance pays. */
  const paidOrderId = async (quantity: bigint) => {
    const balanceCents = quantity * goods.unitPriceCents + SHIPPING.feeCents;
    return (await place(quantity, { balanceCents })).orderId;
  };
  const { orderId } = await place(1n);
  return {
    shop,
    userId,
    goods,
    changing,
    couponId,
    orderId,
    paidOrderId,
    shippedOrderId: once(async () => {
      const shipping = { orderId: await paidOrderId(1n), trackingNumber: "00340434161094042557" };
      await shop.admin.order.shipOrder(shipping);
      return shipping.orderId;
    }),
    /** An open payment. */
    payment: once(startedPayment),
    /** The provider's notice of another payment. */
    notice: once(async () => JSON.stringify(noticeOf(await startedPayment()))),
    /** A callback that was recorded and accepted. */
    callbackId: once(async () => {
      const payment = await startedPayment();
      const request = callbackRequest(JSON.stringify(noticeOf(payment)));
      await shop.service("gateway").pay.handleCallback(request);
      const [row] = await shop.sql<{ callbackId: bigint }>(
        "pay",
        "select callback_id as callbackId from callbacks where payment_id = ?",
        [payment.paymentId],
      );
      return (row ?? assert.fail()).callbackId;
    }),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function callbackRequest(body: string) {
  const headers = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now());
  return { provider: PROVIDER, headers, body: Buffer.from(body) };
}

const inAnHour = () => timestampFromMs(Date.now() + 3_600_000);
const inAYear = () => timestampFromMs(Date.now() + 365 * 24 * 3_600_000);
const stockLine = ({ goods }: World) => {
  return { goodsId: goods.goodsId, quantity: 1n, unitPriceCents: goods.unitPriceCents };
};
const page = { pageSize: 10, pageToken: "" };
const ofPayment = async ({ payment }: World) => ({ paymentId: (await payment()).paymentId });
/** The refresh token of a user who has just logged in. */
const newSession = async ({ shop }: World) => {
  const [userId] = await insertUsers(shop, 1);
  const login = { userName: `shopper ${userId}`, password: KNOWN_PASSWORD };
  return { refreshToken: (await shop.anonymous.user.login(login)).refreshToken };
};
const inbox: Valid = { caller: "service", request: () => ({ eventIds: [newId()] }) };

/**
 * A request for each method that is answered OK. Every field is set, so that each can be changed
 * separately.
 */
export const VALID: Record<string, Valid> = {
  "goods CreateGoods": {
    caller: "admin",
    request: () => ({
      requestId: newKey(),
      sku: newKey(),
      name: "Kettle",
      description: "Whistles.\nTwo litres.",
      unitPriceCents: 1_999n,
      stock: 3n,
      imageUrl: "https://example.com/kettle.jpg",
    }),
  },
  "goods UpdateGoods": {
    caller: "admin",
    request: ({ changing }) => ({
      goodsId: changing.goodsId,
      name: "Kettle",
      description: "Whistles.",
      unitPriceCents: 1_999n,
      status: GoodsStatus.ON_SALE,
      imageUrl: "https://example.com/kettle.jpg",
      updateMask: { paths: ["name"] },
      etag: "",
    }),
  },
  "goods GetGoods": { caller: "anonymous", request: ({ goods }) => ({ goodsId: goods.goodsId }) },
  "goods ListGoods": {
    caller: "anonymous",
    request: ({ goods }) => ({ ...page, query: "lantern", goodsIds: [goods.goodsId] }),
  },
  "goods AdjustStock": {
    caller: "admin",
    request: ({ changing }) => {
      return { requestId: newKey(), goodsId: changing.goodsId, delta: 1n, note: "Found one." };
    },
  },
  "goods ReserveStock": {
    caller: "service",
    request: (world) => ({ reservations: [{ orderId: newId(), lines: [stockLine(world)] }] }),
  },
  "goods ListStockLog": {
    caller: "admin",
    request: ({ goods }) => ({ goodsId: goods.goodsId, ...page }),
  },
  "goods ListMissingEvents": inbox,
  "coupon IssueCoupon": {
    caller: "admin",
    request: ({ userId }) => ({
      requestId: newKey(),
      userId,
      discount: amountOff(500n, { maximumOffCents: 0n, minimumGoodsAmountCents: 1_000n }),
      validFrom: inAnHour(),
      validUntil: inAYear(),
    }),
  },
  "coupon GetCoupon": { caller: "user", request: ({ couponId }) => ({ couponId }) },
  "coupon RevokeCoupon": {
    caller: "admin",
    request: async ({ shop, userId }) => {
      const { couponId } = await newCoupon(shop, userId);
      return { couponId, note: "Issued twice." };
    },
  },
  "coupon ListCoupons": {
    caller: "user",
    request: ({ userId }) => ({ userId, status: 1, ...page }),
  },
  "coupon QuoteCoupon": {
    caller: "service",
    request: ({ couponId, userId }) => ({ couponId, userId, goodsAmountCents: 1_000n }),
  },
  "coupon UseCoupons": {
    caller: "service",
    request: async ({ shop, userId }) => {
      const { couponId } = await newCoupon(shop, userId);
      return { uses: [{ orderId: newId(), couponId, userId, goodsAmountCents: 1_000n }] };
    },
  },
  "coupon ListMissingEvents": inbox,
  "user Register": {
    caller: "anonymous",
    request: () => ({ userName: `u${newKey()}`, password: newKey(), mobile: "+49 30 123" }),
  },
  "user Login": {
    caller: "anonymous",
    request: async ({ shop }) => {
      const [userId] = await insertUsers(shop, 1);
      return { userName: `shopper ${userId}`, password: KNOWN_PASSWORD };
    },
  },
  "user RefreshSession": { caller: "anonymous", request: newSession },
  "user Logout": { caller: "anonymous", request: newSession },
  "user GetUser": { caller: "user", request: ({ userId }) => ({ userId }) },
  "user TopUpBalance": {
    caller: "admin",
    // A new user each time: the balance of the shopper must not change.
    request: async ({ shop }) => {
      const [userId] = await insertUsers(shop, 1);
      return { requestId: newKey(), userId, amountCents: 1n };
    },
  },
  "user DeductBalance": {
    caller: "service",
    request: ({ userId }) => ({ deductions: [{ orderId: newId(), userId, amountCents: 1n }] }),
  },
  "user ListBalanceLog": { caller: "user", request: ({ userId }) => ({ userId, ...page }) },
  "user ListPointLog": { caller: "user", request: ({ userId }) => ({ userId, ...page }) },
  "user ListMissingEvents": inbox,
  "order QuoteOrder": {
    caller: "user",
    request: (world) => ({
      userId: world.userId,
      lines: [stockLine(world)],
      couponId: 0n,
      balanceCents: 0n,
    }),
  },
  "order PlaceOrder": {
    caller: "user",
    request: ({ userId, goods }) =>
      placeRequest({ userId, lines: [[goods, 1n]] }, { couponId: 0n, balanceCents: 0n }),
  },
  "order GetOrder": { caller: "user", request: ({ orderId }) => ({ orderId }) },
  "order ListOrders": {
    caller: "user",
    request: ({ userId }) => ({ userId, orderStatus: OrderStatus.CONFIRMED, ...page }),
  },
  "order WatchOrder": { caller: "user", request: ({ orderId }) => ({ orderId }) },
  "order CancelOrder": { caller: "user", request: ({ orderId }) => ({ orderId }) },
  "order ListRefunds": {
    caller: "user",
    request: async ({ shippedOrderId }) => ({ orderId: await shippedOrderId(), ...page }),
  },
  "order UpdateTrackingNumber": {
    caller: "admin",
    request: async ({ shippedOrderId }) => {
      return { orderId: await shippedOrderId(), trackingNumber: "00340434161094042564" };
    },
  },
  "order ListOrderHistory": { caller: "user", request: ({ orderId }) => ({ orderId }) },
  "order ShipOrder": {
    caller: "admin",
    request: async ({ paidOrderId }) => {
      return { orderId: await paidOrderId(1n), trackingNumber: "00340434161094042557" };
    },
  },
  "order ConfirmReceipt": {
    caller: "user",
    request: async ({ shippedOrderId }) => ({ orderId: await shippedOrderId() }),
  },
  "order RefundOrder": {
    caller: "admin",
    request: async (world) => ({
      requestId: newKey(),
      orderId: await world.paidOrderId(2n),
      lines: [stockLine(world)],
      note: "Arrived broken.",
    }),
  },
  "order ListMissingEvents": inbox,
  "pay ListProviders": { caller: "anonymous", request: () => ({}) },
  "pay CreatePayment": {
    caller: "user",
    request: async ({ payment }) => {
      const { orderId } = await payment();
      return { orderId, provider: PROVIDER, returnUrl: RETURN_URL };
    },
  },
  "pay GetPayment": { caller: "user", request: ofPayment },
  "pay ListPayments": {
    caller: "user",
    request: async ({ payment }) => ({ orderId: (await payment()).orderId }),
  },
  "pay HandleCallback": {
    caller: "service",
    request: async ({ notice }) => callbackRequest(await notice()),
  },
  "pay JudgeCallback": {
    caller: "service",
    request: async ({ callbackId }) => ({ callbackId: await callbackId() }),
  },
  "pay ClosePayments": { caller: "service", request: () => ({ orderIds: [newId()] }) },
  "pay ListPaymentLog": { caller: "admin", request: ofPayment },
  "pay ListMissingEvents": inbox,
};

export function validOf(method: Pick<Method, "name">): Valid {
  const valid = VALID[method.name];
  if (!valid) throw new Error(`valid-requests.ts has no request for ${method.name}`);
  return valid;
}
