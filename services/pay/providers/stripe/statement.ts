import { Outage } from "#platform/values/refusal.ts";
import { dayBounds, type RowKind, StatementFault, type StatementRow } from "../statement.ts";
import { fromStripe } from "./amounts.ts";
import { type StripeApi, unexpected } from "./api.ts";
import { object, PAYMENT_KEY, REFUND_KEY } from "./messages.ts";

// A list of balance transactions, with expand[]=data.source, as GET /v1/balance_transactions
// answers it. Only the expanded source names the payment.

const KINDS: Readonly<Record<string, RowKind>> = {
  charge: "payment",
  refund: "refund",
  refund_failure: "refund_failure",
  dispute: "dispute",
  dispute_reversal: "dispute_reversal",
  fee: "fee",
};

/** Of a refund as it is now; its money left the account when it was made. */
const REFUND_STATES: Readonly<Record<string, StatementRow["state"]>> = {
  pending: "pending",
  requires_action: "pending",
  failed: "returned",
  canceled: "returned",
};

const PATH = "/v1/balance_transactions";
const PAGE = 100;
/** Pages of a day: a million rows. */
const MAX_PAGES = 10_000;

type Fields = Record<string, unknown>;

/** Fetches all pages of a day of UTC, as one list. A day that is not over has what there is. */
export async function fetchStripeStatement(api: StripeApi, day: string): Promise<Uint8Array> {
  const bounds = dayBounds(day);
  if (!bounds) throw new Outage(`${day} is not a day`);
  const seconds = (time: Date) => time.getTime() / 1_000;
  const created = { gte: seconds(bounds.from), lt: seconds(bounds.to) };
  const data: unknown[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = { created, expand: ["data.source"], limit: PAGE, starting_after: after };
    const answer = await api.get(PATH, params);
    const rows = answer.ok && Array.isArray(answer.fields.data) ? answer.fields.data : undefined;
    if (!answer.ok || !rows) throw unexpected("a list of balance transactions", answer);
    data.push(...rows);
    if (answer.fields.has_more === false) {
      return Buffer.from(JSON.stringify({ object: "list", url: PATH, has_more: false, data }));
    }
    after = textOf(object(rows.at(-1))?.id) || undefined;
    if (after === undefined) throw unexpected("a page of balance transactions", answer);
  }
  throw new Outage(`Stripe has more than ${MAX_PAGES * PAGE} balance transactions on ${day}`);
}

/** Reads a list that has every page: one that goes on elsewhere is refused. */
export function readStripeStatement(file: Uint8Array): StatementRow[] {
  const list = parse(file);
  if (list.object !== "list" || !Array.isArray(list.data)) {
    throw new StatementFault("the statement is not a list of balance transactions");
  }
  if (list.has_more !== false) {
    throw new StatementFault("the statement is not complete: has_more is not false");
  }
  const rows = list.data.map((entry, index) => rowOf(entry as Fields, `row ${index + 1}`));
  return rows;
}

function parse(file: Uint8Array): Fields {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(file);
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Fields;
  } catch (cause) {
    throw new StatementFault("the statement is not JSON", { cause });
  }
  throw new StatementFault("the statement is not a JSON object");
}

function rowOf(entry: Fields, row: string): StatementRow {
  if (entry?.object !== "balance_transaction") {
    throw new StatementFault(`${row} is not a balance transaction`);
  }
  const place = textOf(entry.id) || row;
  const kind = KINDS[textOf(entry.reporting_category)] ?? "other";
  const settled = moneyOf(entry, place);
  const isOfPayment = kind !== "fee" && kind !== "other";
  const source = isOfPayment ? sourceOf(entry.source, place) : {};
  // The shop's account may settle in another currency than the shopper paid in.
  const charged = isOfPayment ? chargedOf(source, settled, place) : settled;
  const isRefund = kind === "refund" || kind === "refund_failure";
  return {
    place,
    kind,
    state: kind === "refund" ? (REFUND_STATES[textOf(source.status)] ?? "done") : "done",
    paymentNumber: metadataOf(source, PAYMENT_KEY),
    tradeId: isOfPayment ? idOf(source.payment_intent) : "",
    refundNumber: isRefund ? metadataOf(source, REFUND_KEY) : "",
    reference: kind === "payment" ? "" : textOf(source.id),
    amountCents: charged.amountCents,
    currency: charged.currency,
    feeCents: minorUnits(entry.fee, settled.currency, `${place}: fee`),
    feeCurrency: settled.currency,
    time: new Date(Number(integerOf(entry.created, `${place}: created`)) * 1_000),
  };
}

/** The amount in the currency of the payment, with the sign that it has on the account. */
function chargedOf(source: Fields, settled: Money, place: string): Money {
  if (textOf(source.currency).toUpperCase() === settled.currency) return settled;
  const { amountCents, currency } = moneyOf(source, `${place}: source`);
  return { amountCents: settled.amountCents < 0n ? -amountCents : amountCents, currency };
}

type Money = { amountCents: bigint; currency: string };

function moneyOf({ amount, currency }: Fields, place: string): Money {
  const code = textOf(currency).toUpperCase();
  return { amountCents: minorUnits(amount, code, `${place}: amount`), currency: code };
}

function minorUnits(value: unknown, currency: string, place: string): bigint {
  const amount = fromStripe(integerOf(value, place), currency);
  if (amount !== undefined) return amount;
  throw new StatementFault(`${place} is ${value}, which is no amount in "${currency}"`);
}

function integerOf(value: unknown, place: string): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new StatementFault(`${place} is not an integer that is exact`);
}

function sourceOf(value: unknown, place: string): Fields {
  if (typeof value === "object" && value !== null) return value as Fields;
  throw new StatementFault(`${place} has no source; export the list with expand[]=data.source`);
}

function metadataOf({ metadata }: Fields, name: string): string {
  return textOf((metadata as Fields | null | undefined)?.[name]);
}

/** Of an object that may be expanded. */
function idOf(value: unknown): string {
  return typeof value === "object" && value !== null ? textOf((value as Fields).id) : textOf(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
