import type { Input } from "./inputs.ts";

/**
 * The statuses that a field may answer to an input. Written from the contract and its limits,
 * independently of the services' own checks.
 */
export type Rule = { answers(input: Input): readonly string[]; maxLength?: number };

const OK = ["OK"];
const INVALID = ["INVALID_ARGUMENT"];
const NOT_FOUND = ["NOT_FOUND"];
const WRONG = ["UNAUTHENTICATED"];
const NOT_ENOUGH = ["FAILED_PRECONDITION"];
const MAX_CENTS = 2n ** 53n - 1n;
const MAX_ID = 2n ** 63n - 1n;

/** A number from `min` to `max`, which gets `within`; INVALID_ARGUMENT outside. */
function number(min: bigint, max: bigint, within: readonly string[] = OK): Rule {
  return {
    answers({ value }) {
      const given = BigInt(value as bigint | number);
      return given < min || given > max ? INVALID : within;
    },
  };
}

/** The same rule, with 0 allowed: it means that the field is not set. */
function orZero(rule: Rule): Rule {
  return { answers: (input) => (BigInt(input.value as bigint) === 0n ? OK : rule.answers(input)) };
}

/** The named inputs get `answer`, all others what the rule says. */
function but(rule: Rule, names: string[], answer: readonly string[]): Rule {
  return {
    ...rule,
    answers: (input) => (names.includes(input.name) ? answer : rule.answers(input)),
  };
}

/** Only the named inputs are valid. */
function only(names: string[], maxLength?: number): Rule {
  const answers = ({ name }: Input) => (names.includes(name) ? OK : INVALID);
  return maxLength === undefined ? { answers } : { answers, maxLength };
}

/** Inputs that are too short for a password. */
const shorterThanEight = ["right to left", "zero width", "percent", "underscore", "backslash"];
/** Inputs that no text field accepts. */
const never = ["huge", "too long", "nul", "escape", "direction"];

/** Free text without control characters, of at most `maxLength` characters. */
function text(maxLength: number, { min = 0, lines = false, within = OK } = {}): Rule {
  const forbidden = [
    ...never,
    ...(lines ? [] : ["crlf"]),
    ...(min > 0 ? ["absent", "spaces"] : []),
  ];
  return { maxLength, answers: ({ name }) => (forbidden.includes(name) ? INVALID : within) };
}

const identifier = number(1n, MAX_ID, NOT_FOUND);
const anyIdentifier = number(1n, MAX_ID);
const quantity = number(1n, 1_000_000n);
const cents = number(0n, MAX_CENTS);
const price = number(1n, MAX_CENTS);
const requestId = only(
  ["longest", "percent", "underscore", "__proto__", "constructor", "path", "html", "format"],
  64,
);
/** The token identifies the user: 0 means the caller, and other users are NOT_FOUND. */
const ownUserId: Rule = { answers: ({ value }) => (value === 0n ? OK : NOT_FOUND) };
/** A larger page than the largest is cut. */
const pageSize = number(0n, 2n ** 31n - 1n);
const pageToken = only(["absent"], 22);
const page = { page_size: pageSize, page_token: pageToken };
const message = (absent: readonly string[], empty: readonly string[]): Rule => {
  return { answers: ({ name }) => (name === "absent" ? absent : empty) };
};
const entries = (rule: { twice: readonly string[] }): Rule => {
  return { answers: ({ name }) => (name === "twice" ? rule.twice : INVALID) };
};
const ids = (absent: readonly string[]): Rule => ({
  answers({ name, value }) {
    if (name === "absent") return absent;
    const list = value as bigint[];
    return list.length > 1_000 || list.some((id) => id < 1n) ? INVALID : OK;
  },
});
/** The shopper's balance covers 0 and 1 cent, but none of the larger inputs. */
const balance = but(number(0n, MAX_CENTS, NOT_ENOUGH), ["0", "1"], OK);
/** An amount that must equal the one that the server calculates. */
const wrongAmount: Rule = { answers: () => INVALID };

const image = only(["absent"], 2_000);
const inbox = { event_ids: ids(INVALID) };
const logs = { user_id: ownUserId, ...page };
const order = { order_id: identifier };
/** The shop has one provider; every other name is unknown. */
const provider = text(32, { min: 1, within: NOT_FOUND });
/** Set in answers, ignored in requests. */
const soldAs = { "lines[].name": { answers: () => OK }, "lines[].sku": { answers: () => OK } };
const quotedLines = {
  "lines[].goods_id": identifier,
  "lines[].quantity": quantity,
  "lines[].unit_price_cents": { answers: () => OK },
  ...soldAs,
};

/** The rule of each field, by method and by the path of the field. */
export const RULES: Record<string, Record<string, Rule>> = {
  "goods CreateGoods": {
    request_id: requestId,
    // Spaces at the ends are invalid. Each text is tried only once, because a SKU is unique.
    sku: but(text(64), ["spaces"], INVALID),
    name: text(200, { min: 1 }),
    description: text(5_000, { lines: true }),
    unit_price_cents: cents,
    stock: number(0n, 10n ** 12n),
    image_url: image,
  },
  "goods UpdateGoods": {
    goods_id: identifier,
    name: text(200, { min: 1 }),
    description: text(5_000, { lines: true }),
    unit_price_cents: cents,
    status: number(1n, 2n),
    image_url: image,
    // An empty mask names nothing to change.
    update_mask: { answers: () => [...OK, ...INVALID] },
    "update_mask.paths": { answers: () => [...OK, ...INVALID] },
    // Any etag but the current one.
    etag: { answers: () => [...OK, "ABORTED", ...INVALID] },
  },
  "goods GetGoods": { goods_id: identifier },
  "goods ListGoods": {
    ...page,
    query: text(200),
    goods_ids: ids(OK),
  },
  "goods AdjustStock": {
    request_id: requestId,
    goods_id: identifier,
    delta: but(number(-(10n ** 12n), 10n ** 12n), ["0"], INVALID),
    note: text(500, { lines: true }),
  },
  "goods ReserveStock": {
    reservations: entries({ twice: OK }),
    "reservations[].order_id": anyIdentifier,
    "reservations[].lines": entries({ twice: INVALID }),
    "reservations[].lines[].goods_id": identifier,
    "reservations[].lines[].quantity": quantity,
    "reservations[].lines[].unit_price_cents": number(0n, MAX_CENTS, NOT_ENOUGH),
  },
  "goods ListStockLog": { goods_id: identifier, ...page },
  "goods ListMissingEvents": inbox,
  "coupon IssueCoupon": {
    request_id: requestId,
    user_id: anyIdentifier,
    discount: message(INVALID, INVALID),
    "discount.amount_off_cents": price,
    "discount.basis_points_off": number(1n, 10_000n),
    // A fixed amount off allows no maximum.
    "discount.maximum_off_cents": number(0n, 0n),
    "discount.minimum_goods_amount_cents": cents,
    // An empty timestamp means 1970.
    valid_from: message(OK, OK),
    // A time after valid_until is invalid too.
    "valid_from.seconds": number(0n, 2n ** 32n),
    "valid_from.nanos": number(0n, 999_999_999n),
    valid_until: message(OK, INVALID),
    "valid_until.seconds": number(2n ** 31n, 253_402_300_799n),
    "valid_until.nanos": number(0n, 999_999_999n),
  },
  "coupon GetCoupon": { coupon_id: identifier },
  "coupon RevokeCoupon": { coupon_id: identifier, note: text(500, { lines: true }) },
  "coupon ListCoupons": { ...logs, status: number(0n, 4n) },
  "coupon QuoteCoupon": { coupon_id: identifier, user_id: identifier, goods_amount_cents: cents },
  "coupon UseCoupons": {
    uses: entries({ twice: OK }),
    "uses[].order_id": anyIdentifier,
    "uses[].coupon_id": identifier,
    "uses[].user_id": identifier,
    "uses[].goods_amount_cents": cents,
  },
  "coupon ListMissingEvents": inbox,
  "user Register": {
    user_name: only(["longest", "underscore", "constructor"], 64),
    password: but(text(128, { min: 1 }), shorterThanEight, INVALID),
    mobile: only(["absent"], 40),
  },
  "user Login": {
    user_name: text(64, { min: 1, within: WRONG }),
    password: text(128, { min: 1, within: WRONG }),
    device_token: text(128),
  },
  "user RefreshSession": { refresh_token: text(128, { min: 1, within: WRONG }) },
  // Logging out with an unknown token succeeds: there is no session left.
  "user Logout": { refresh_token: text(128, { min: 1 }) },
  "user GetUser": { user_id: ownUserId },
  "user TopUpBalance": { request_id: requestId, user_id: identifier, amount_cents: price },
  "user DeductBalance": {
    deductions: entries({ twice: OK }),
    "deductions[].order_id": anyIdentifier,
    "deductions[].user_id": identifier,
    "deductions[].amount_cents": balance,
  },
  "user ListBalanceLog": logs,
  "user ListPointLog": logs,
  "user ListMissingEvents": inbox,
  "order QuoteOrder": {
    user_id: ownUserId,
    lines: entries({ twice: INVALID }),
    ...quotedLines,
    coupon_id: orZero(identifier),
    balance_cents: balance,
  },
  "order PlaceOrder": {
    request_id: requestId,
    user_id: ownUserId,
    lines: entries({ twice: INVALID }),
    "lines[].goods_id": identifier,
    // Any other quantity makes the amounts differ from the sum of the lines.
    "lines[].quantity": but(wrongAmount, ["1"], OK),
    "lines[].unit_price_cents": wrongAmount,
    ...soldAs,
    address: message(INVALID, INVALID),
    "address.consignee": text(64, { min: 1 }),
    "address.mobile": only([], 40),
    "address.text": text(500, { min: 1, lines: true }),
    shipping_fee_cents: wrongAmount,
    order_amount_cents: wrongAmount,
    coupon_id: orZero(identifier),
    // More balance than the order amount is invalid.
    balance_cents: number(0n, 1n),
  },
  "order GetOrder": order,
  "order ListOrders": {
    ...logs,
    order_status: number(0n, 5n),
    view: { answers: () => [...OK, ...INVALID] },
  },
  "order WatchOrder": order,
  "order CancelOrder": order,
  "order ListOrderHistory": { ...order, ...page },
  "order ListRefunds": { ...order, ...page },
  "order UpdateTrackingNumber": { order_id: identifier, tracking_number: text(64, { min: 1 }) },
  "order ShipOrder": { order_id: identifier, tracking_number: text(64, { min: 1 }) },
  "order ConfirmReceipt": order,
  "order RefundOrder": {
    // Each text is tried only once, because a request id is unique.
    request_id: requestId,
    order_id: identifier,
    lines: but(entries({ twice: INVALID }), ["absent"], OK),
    // Goods that the order lacks, or more of them than it has, are invalid.
    "lines[].goods_id": { answers: () => INVALID },
    "lines[].quantity": number(1n, 2n),
    "lines[].unit_price_cents": { answers: () => OK },
    ...soldAs,
    note: text(500, { lines: true }),
    keep_stock: { answers: () => OK },
    // At most what is left of the payment, which is below a million.
    goodwill_cents: {
      answers: ({ value }) => {
        const given = BigInt(value as bigint);
        if (given < 0n || given > 1_000_000n) return INVALID;
        return given === 0n ? OK : [...OK, ...INVALID];
      },
    },
  },
  "order ListMissingEvents": inbox,
  "pay CreatePayment": {
    order_id: identifier,
    provider,
    // Only the shop's own origins are allowed.
    return_url: only([], 1_000),
  },
  "pay GetPayment": { payment_id: identifier },
  // An order without payments, also an unknown one, has an empty list.
  "pay ListPayments": { order_id: anyIdentifier, ...page },
  "pay HandleCallback": {
    provider,
    // The provider gets an answer to any headers.
    headers: { answers: () => OK },
    body: { answers: ({ name }) => (name === "1000000 bytes" ? INVALID : OK) },
  },
  // Only the id of a callback on record.
  "pay JudgeCallback": { callback_id: { answers: () => INVALID } },
  "pay ClosePayments": { order_ids: ids(INVALID) },
  "pay ListPaymentLog": { payment_id: identifier, ...page },
  "pay ListMissingEvents": inbox,
};
