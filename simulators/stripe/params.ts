import {
  type Fields,
  fieldFault,
  integer,
  required,
  ruleOf,
  type Spec,
  text,
} from "../base/fields.ts";
import { invalid } from "./errors.ts";

const METADATA = text(500);
const MAX_METADATA = 50;
const EXPAND: Spec = { "expand[#]": text(200) };
const PAGE: Spec = {
  limit: integer(1, 100),
  starting_after: text(255),
  ending_before: text(255),
  ...EXPAND,
};
const CREATED: Spec = Object.fromEntries(
  ["created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"].map((name) => {
    return [name, integer(0, 1e11)];
  }),
);

/** The parameters of each call that this face knows. Stripe refuses all others. */
export const PARAMS = {
  createSession: {
    mode: required(text(20, { choices: ["payment"] })),
    "line_items[#][quantity]": integer(1, 999_999),
    "line_items[#][price_data][currency]": text(3),
    "line_items[#][price_data][unit_amount]": integer(0, 999_999_999_999),
    "line_items[#][price_data][product_data][name]": text(1_500, { min: 1 }),
    "line_items[#][price_data][product_data][description]": text(40_000, { min: 1 }),
    success_url: text(5_000),
    cancel_url: text(5_000),
    return_url: text(5_000),
    ui_mode: text(20, { choices: ["hosted", "hosted_page"] }),
    client_reference_id: text(200),
    customer_email: text(800),
    locale: text(10),
    submit_type: text(10, { choices: ["auto", "book", "donate", "pay"] }),
    "metadata[*]": METADATA,
    "payment_intent_data[metadata][*]": METADATA,
    "payment_intent_data[description]": text(1_000),
    "payment_intent_data[statement_descriptor]": text(22),
    "payment_intent_data[statement_descriptor_suffix]": text(22),
    "allowed_payment_method_types[#]": text(30),
    "adaptive_pricing[enabled]": { type: "flag" },
    expires_at: integer(0, 1e11),
    ...EXPAND,
  },
  expireSession: EXPAND,
  retrieve: EXPAND,
  listSessions: {
    payment_intent: text(255),
    status: text(10, { choices: ["open", "complete", "expired"] }),
    ...CREATED,
    ...PAGE,
  },
  createRefund: {
    payment_intent: text(255),
    charge: text(255),
    amount: integer(1, 999_999_999_999),
    reason: text(30, { choices: ["duplicate", "fraudulent", "requested_by_customer"] }),
    "metadata[*]": METADATA,
    ...EXPAND,
  },
  listRefunds: { payment_intent: text(255), charge: text(255), ...CREATED, ...PAGE },
  listEvents: {
    type: text(100),
    "types[#]": text(100),
    delivery_success: { type: "flag" },
    ...CREATED,
    ...PAGE,
  },
  listBalance: {
    type: text(50),
    source: text(255),
    payout: text(255),
    currency: text(3),
    ...CREATED,
    ...PAGE,
  },
  listDisputes: { payment_intent: text(255), charge: text(255), ...CREATED, ...PAGE },
  none: {},
} as const satisfies Record<string, Spec>;

/** Reads a form or a query, and refuses what the call does not know. */
export function readParams(source: string, spec: Spec): Fields {
  const fields: Fields = {};
  for (const [name, value] of new URLSearchParams(source)) {
    // Clients send lists as a[0] or a[].
    const path = name.replaceAll("[]", "[0]");
    fields[path] = typed(value, ruleOf(spec, path)?.type);
  }
  const fault = fieldFault(fields, spec);
  if (fault?.kind === "unknown")
    throw invalid("parameter_unknown", `Received unknown parameter: ${fault.path}`, fault.path);
  if (fault?.kind === "missing")
    throw invalid("parameter_missing", `Missing required param: ${fault.path}.`, fault.path);
  if (fault) throw invalid("parameter_invalid", `Invalid ${fault.path}: ${fault.text}`, fault.path);
  const metadata = Object.keys(fields).filter((path) => path.startsWith("metadata["));
  if (metadata.length > MAX_METADATA || metadata.some((path) => path.length > 40 + 10))
    throw invalid("parameter_invalid", "Metadata has at most 50 keys of 40 characters", "metadata");
  return fields;
}

/** The texts under `prefix[name]`. */
export function namedTexts(fields: Fields, prefix: string): Record<string, string> {
  const entries = Object.entries(fields).flatMap(([path, value]) => {
    const [, name] = path.startsWith(`${prefix}[`) ? (/\[([^\]]+)\]$/.exec(path) ?? []) : [];
    return name === undefined ? [] : [[name, String(value)]];
  });
  return Object.fromEntries(entries);
}

/** What to expand: "payment_intent.latest_charge" also expands "payment_intent". */
export function expansions(fields: Fields): Set<string> {
  const paths = Object.entries(fields).filter(([path]) => path.startsWith("expand["));
  return new Set(
    paths.flatMap(([, value]) => {
      const steps = String(value)
        .replace(/^data\./, "")
        .split(".");
      return steps.map((_, index) => steps.slice(0, index + 1).join("."));
    }),
  );
}

function typed(value: string, type: "text" | "integer" | "flag" | undefined) {
  if (type === "integer" && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === "flag" && /^(true|false)$/.test(value)) return value === "true";
  return value;
}
