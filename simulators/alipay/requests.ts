import { beijingMs } from "../base/beijing.ts";
import { type Call, headerOf } from "../base/face.ts";
import {
  type Fields,
  fieldFault,
  flatten,
  type Rule,
  required,
  type Spec,
  text,
} from "../base/fields.ts";
import type { Account } from "./account.ts";
import { AlipayError, invalid, refused } from "./errors.ts";
import { isSigned, signedText } from "./signatures.ts";

const NUMBER = text(64, { min: 1, pattern: /^[A-Za-z0-9_]+$/ });
const TRADE_NO = text(64, { min: 16 });
const AMOUNT: Rule = text(12, { pattern: /^(0|[1-9]\d{0,8})(\.\d{1,2})?$/ });
const TIME = text(19, { pattern: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/ });

const OPEN: Spec = {
  out_trade_no: required(NUMBER),
  total_amount: required(AMOUNT),
  subject: required(text(256, { pattern: /^[^/=&]*$/ })),
  body: text(400),
  product_code: text(64),
  time_expire: TIME,
  timeout_express: text(6, { pattern: /^([1-9]\d*[mhd]|1c)$/ }),
  passback_params: text(512),
  seller_id: text(28),
  qr_pay_mode: text(2),
  qrcode_width: text(4),
  "goods_detail.#.goods_id": text(64),
  "goods_detail.#.goods_name": text(256),
  "goods_detail.#.quantity": { type: "integer", min: 1 },
  "goods_detail.#.price": AMOUNT,
};

/** The fields of biz_content for each method that this face knows. */
const METHODS = {
  "alipay.trade.page.pay": {
    ...OPEN,
    product_code: required(text(64, { choices: ["FAST_INSTANT_TRADE_PAY"] })),
  },
  "alipay.trade.precreate": OPEN,
  "alipay.trade.query": { out_trade_no: NUMBER, trade_no: TRADE_NO, "query_options.#": text(64) },
  "alipay.trade.close": { out_trade_no: NUMBER, trade_no: TRADE_NO, operator_id: text(28) },
  "alipay.trade.refund": {
    out_trade_no: NUMBER,
    trade_no: TRADE_NO,
    refund_amount: required(AMOUNT),
    out_request_no: NUMBER,
    refund_reason: text(256),
    refund_currency: text(8, { choices: ["CNY"] }),
    "query_options.#": text(64),
  },
  "alipay.trade.fastpay.refund.query": {
    out_trade_no: NUMBER,
    trade_no: TRADE_NO,
    out_request_no: required(NUMBER),
    "query_options.#": text(64),
  },
  "alipay.data.dataservice.bill.downloadurl.query": {
    bill_type: required(text(20, { choices: ["trade", "signcustomer"] })),
    bill_date: required(text(10, { pattern: /^\d{4}-\d\d(-\d\d)?$/ })),
  },
} as const satisfies Record<string, Spec>;

export type Method = keyof typeof METHODS;

const COMMON: Spec = {
  app_id: required(text(32)),
  method: required(text(128)),
  format: text(40, { choices: ["JSON", "json"] }),
  charset: required(text(10, { choices: ["utf-8", "UTF-8"] })),
  sign_type: required(text(10, { choices: ["RSA2"] })),
  sign: required(text(344)),
  timestamp: required(TIME),
  version: required(text(3, { choices: ["1.0"] })),
  notify_url: text(256),
  return_url: text(1_024),
  biz_content: required(text(65_536)),
  alipay_sdk: text(64),
};

export type Request = { method: Method; params: Record<string, string>; fields: Fields };

/** The parameters of the query and of the form in the body. A repeated name is refused. */
export function paramsOf(call: Call): Record<string, string> {
  const isForm = headerOf(call, "content-type").startsWith("application/x-www-form-urlencoded");
  const body = isForm ? new URLSearchParams(call.body.toString()) : [];
  const params: Record<string, string> = {};
  for (const [name, value] of [...call.query, ...body]) {
    if (Object.hasOwn(params, name)) throw invalid("invalid-parameter", `${name} is repeated`);
    params[name] = value;
  }
  return params;
}

/** Checks the common parameters, the signature, and then the fields of the method. */
export function readRequest(account: Account, params: Record<string, string>): Request {
  const common = fieldFault(params, COMMON);
  if (common?.kind === "missing")
    throw new AlipayError("40001", `isv.missing-${dashed(common.path)}`, `缺少 ${common.path}`);
  if (common) throw invalid(`invalid-${dashed(common.path)}`, `${common.path}: ${common.text}`);
  if (params.app_id !== account.appId) throw invalid("invalid-app-id", "无效的AppID参数");
  if (!isSigned(signedText(params), String(params.sign), account.merchant.publicKey))
    throw invalid("invalid-signature", "验签出错，请确认charset参数放在了URL查询字符串中");
  if (beijingMs(String(params.timestamp)) === undefined)
    throw invalid("invalid-timestamp", "非法的时间戳参数");
  const method = Object.keys(METHODS).find((known) => known === params.method);
  if (method === undefined) throw new AlipayError("40002", "isv.invalid-method", "不存在的方法名");
  const fields = contentOf(String(params.biz_content));
  const fault = fieldFault(fields, METHODS[method as Method]);
  if (fault) throw refused("INVALID_PARAMETER", `参数无效：${fault.path} ${fault.text}`);
  return { method: method as Method, params, fields };
}

/** Amounts may be JSON numbers; their text is what was sent. */
function contentOf(json: string): Fields {
  try {
    const value: unknown = JSON.parse(json, (_, entry, context?: { source?: string }) =>
      typeof entry === "number" && !Number.isInteger(entry) ? context?.source : entry,
    );
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const fields = flatten(value);
      for (const name of ["total_amount", "refund_amount"])
        if (typeof fields[name] === "number") fields[name] = String(fields[name]);
      return fields;
    }
  } catch {
    // Reported below, as every other text that is not an object.
  }
  throw refused("INVALID_PARAMETER", "biz_content must be a JSON object");
}

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}
