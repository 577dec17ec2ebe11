import type { Call } from "../base/face.ts";
import {
  type Fields,
  fieldFault,
  flatten,
  integer,
  required,
  type Spec,
  text,
} from "../base/fields.ts";
import { paramError } from "./errors.ts";

const NUMBER = required(text(32, { min: 6, pattern: /^[A-Za-z0-9_\-|*]+$/ }));
const REFUND_NUMBER = required(text(64, { pattern: /^[A-Za-z0-9_\-|*@]+$/ }));
const ID = required(text(32));
const CNY = text(16, { choices: ["CNY"] });
/** 1 fen to 1,000,000 yuan. */
const FEN = required(integer(1, 100_000_000));
const NOTIFY_URL = text(255, { pattern: /^https?:\/\/[^?#]+$/ });
const ADDRESS = text(45);

const OPEN: Spec = {
  appid: ID,
  mchid: ID,
  description: required(text(127)),
  out_trade_no: NUMBER,
  time_expire: text(64, { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/ }),
  attach: text(128),
  notify_url: required(NOTIFY_URL),
  goods_tag: text(32),
  support_fapiao: { type: "flag" },
  "amount.total": FEN,
  "amount.currency": CNY,
  "scene_info.payer_client_ip": ADDRESS,
  "scene_info.device_id": text(32),
};

/** The fields of each call that this face knows. WeChat Pay refuses all others. */
export const SPECS = {
  native: OPEN,
  h5: {
    ...OPEN,
    "scene_info.payer_client_ip": required(ADDRESS),
    "scene_info.h5_info.type": required(text(32)),
    "scene_info.h5_info.app_name": text(64),
    "scene_info.h5_info.app_url": text(128),
  },
  close: { mchid: ID },
  query: { mchid: ID },
  refund: {
    transaction_id: text(32),
    out_trade_no: { ...NUMBER, required: false },
    out_refund_no: REFUND_NUMBER,
    reason: text(80),
    notify_url: NOTIFY_URL,
    funds_account: text(32, { choices: ["AVAILABLE", "UNSETTLED"] }),
    "amount.refund": FEN,
    "amount.total": FEN,
    "amount.currency": required(CNY),
  },
  abnormal: {
    out_refund_no: REFUND_NUMBER,
    type: required(text(32, { choices: ["USER_BANK_CARD", "MERCHANT_BANK_CARD"] })),
    bank_type: text(16),
    bank_account: text(1_024),
    real_name: text(1_024),
  },
  tradebill: {
    bill_date: required(text(10)),
    bill_type: text(10, { choices: ["ALL", "SUCCESS", "REFUND"] }),
    tar_type: text(10, { choices: ["GZIP"] }),
  },
  fundflow: {
    bill_date: required(text(10)),
    account_type: text(10, { choices: ["BASIC", "OPERATION", "FEES"] }),
    tar_type: text(10, { choices: ["GZIP"] }),
  },
  file: { token: required(text(64)) },
  none: {},
} as const satisfies Record<string, Spec>;

/** Reads the JSON body of a POST or the query of a GET, and refuses unknown fields. */
export function readFields(call: Call, spec: Spec): Fields {
  const fields = call.method === "GET" ? Object.fromEntries(call.query) : flatten(jsonOf(call));
  const fault = fieldFault(fields, spec);
  if (fault) throw paramError(`${fault.path}: ${fault.text}`);
  return fields;
}

function jsonOf(call: Call): object {
  if (!/^application\/json *(;|$)/i.test(String(call.headers["content-type"])))
    throw paramError("Content-Type must be application/json");
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(call.body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Reported below, as every other body that is not an object.
  }
  throw paramError("the body must be a JSON object");
}
