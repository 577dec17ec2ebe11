import type { RowOf } from "#platform/db/tables.ts";
import type { CheckoutAction, References, StoredPayment } from "../domain/payment.ts";
import { PAYMENTS } from "./entities.ts";

/** Characters in the JSON of a QR code or a form to pay with, and of a payment's references. */
const MAX_CHECKOUT_ACTION = 8_000;
const MAX_REFERENCES = 2_000;
/** After its start, when a payment of a release that stored no expire time counts as expired. */
const UNKNOWN_EXPIRY_MS = 24 * 3_600_000;

const STORED = PAYMENTS.pick(
  "paymentId",
  "orderId",
  "amountCents",
  "currency",
  "tradeId",
  "providerReferences",
  "createTime",
  "expireTime",
);
const CHECKOUT = PAYMENTS.pick("checkoutUrl", "checkoutAction");

/** The row of a payment, as providers get it. */
export function storedPayment(row: RowOf<typeof STORED>): StoredPayment {
  const { providerReferences, expireTime, createTime } = row;
  return {
    paymentId: row.paymentId,
    orderId: row.orderId,
    amountCents: row.amountCents,
    currency: row.currency,
    tradeId: row.tradeId,
    references: providerReferences === null ? {} : JSON.parse(providerReferences),
    createTime,
    expireTime: expireTime ?? new Date(createTime.getTime() + UNKNOWN_EXPIRY_MS),
  };
}

/** What the shopper does to pay; undefined until the provider has opened the payment. */
export function actionOf(row: RowOf<typeof CHECKOUT>): CheckoutAction | undefined {
  const { checkoutUrl, checkoutAction } = row;
  if (checkoutAction === null) {
    return checkoutUrl === "" ? undefined : { kind: "redirect", url: checkoutUrl };
  }
  const action = JSON.parse(checkoutAction);
  return "expireTime" in action
    ? { ...action, expireTime: new Date(action.expireTime) }
    : { ...action };
}

export function actionColumns(action: CheckoutAction): RowOf<typeof CHECKOUT> {
  if (action.kind === "redirect") return { checkoutUrl: action.url, checkoutAction: null };
  const checkoutAction = bounded(JSON.stringify(action), MAX_CHECKOUT_ACTION);
  return { checkoutUrl: "", checkoutAction };
}

/** The column of the row's references together with newer ones; null if there are none at all. */
export function mergedReferences(
  { providerReferences }: { providerReferences: string | null },
  newer: References | undefined,
): string | null {
  if (!newer || Object.keys(newer).length === 0) return providerReferences;
  const older = providerReferences === null ? {} : JSON.parse(providerReferences);
  return bounded(JSON.stringify({ ...older, ...newer }), MAX_REFERENCES);
}

function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  throw new Error(`a provider's ${text.length} characters exceed the column's ${max}`);
}
