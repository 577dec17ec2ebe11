import type { HttpAnswer } from "#platform/http/answer.ts";
import { beijingRfc3339 } from "../base/beijing.ts";
import type { Call } from "../base/face.ts";
import type { Fields, Spec } from "../base/fields.ts";
import { DAY } from "../base/limits.ts";
import type { Sql } from "../base/store.ts";
import { createBills } from "./bills.ts";
import { encrypted } from "./callbacks.ts";
import { WechatError } from "./errors.ts";
import { applyAbnormal, createRefund, queryRefund } from "./refunds.ts";
import { answerKey, checkRequest, signedAnswer } from "./signatures.ts";
import { readFields, SPECS } from "./specs.ts";
import { closeTrade, openH5, openNative, queryTrade } from "./transactions.ts";
import type { Wechatpay } from "./wechatpay.ts";

type Request = { id: string; fields: Fields };
/** The JSON of an answer, 204 for none, an error that keeps its effects, or a whole answer. */
type Result = object | undefined | WechatError;
type Route = {
  method: "GET" | "POST";
  path: RegExp;
  spec: Spec;
  work(sql: Sql, request: Request): Result;
};

/** `ID` in the path matches a number or an id. */
function route(line: string, spec: Spec, work: Route["work"]): Route {
  const [method, path = ""] = line.split(" ");
  const pattern = new RegExp(`^${path.replace("ID", "([A-Za-z0-9_\\-|*@%]{1,96})")}$`);
  return { method: method as Route["method"], path: pattern, spec, work };
}

const REFUNDS = "/v3/refund/domestic/refunds";
const ORDERS = "/v3/pay/transactions";
const FILE = "/v3/billdownload/file";

/** Answers the calls of the API. */
export function createApi(wechatpay: Wechatpay): (call: Call) => Promise<HttpAnswer> {
  const { account, store, faults } = wechatpay;
  const bills = createBills(wechatpay);
  const routes: Route[] = [
    route(`POST ${ORDERS}/native`, SPECS.native, (sql, { fields }) =>
      openNative(wechatpay, sql, fields),
    ),
    route(`POST ${ORDERS}/h5`, SPECS.h5, (sql, { fields }) => openH5(wechatpay, sql, fields)),
    route(`GET ${ORDERS}/out-trade-no/ID`, SPECS.query, (sql, { id, fields }) =>
      queryTrade(wechatpay, sql, { number: id, providerId: "", fields }),
    ),
    route(`GET ${ORDERS}/id/ID`, SPECS.query, (sql, { id, fields }) =>
      queryTrade(wechatpay, sql, { number: "", providerId: id, fields }),
    ),
    route(`POST ${ORDERS}/out-trade-no/ID/close`, SPECS.close, (sql, { id, fields }) =>
      closeTrade(wechatpay, sql, { number: id, fields }),
    ),
    route(`POST ${REFUNDS}`, SPECS.refund, (sql, { fields }) =>
      createRefund(wechatpay, sql, fields),
    ),
    route(`GET ${REFUNDS}/ID`, SPECS.none, (sql, { id }) => queryRefund(sql, id)),
    route(`POST ${REFUNDS}/ID/apply-abnormal-refund`, SPECS.abnormal, (sql, request) =>
      applyAbnormal(wechatpay, sql, request),
    ),
    route("GET /v3/bill/tradebill", SPECS.tradebill, (sql, { fields }) => bills.trade(sql, fields)),
    route("GET /v3/bill/fundflowbill", SPECS.fundflow, (sql, { fields }) =>
      bills.fundFlow(sql, fields),
    ),
    route("GET /v3/certificates", SPECS.none, () => certificates(wechatpay)),
  ];

  async function answer(call: Call, key: ReturnType<typeof answerKey>): Promise<HttpAnswer> {
    const found = routes.find(({ method, path }) => method === call.method && path.test(call.path));
    if (!found) throw new WechatError(404, "RESOURCE_NOT_EXISTS", "接口不存在");
    const fields = readFields(call, found.spec);
    const id = decodeURIComponent(found.path.exec(call.path)?.[1] ?? "");
    const result = await store.transact((sql) => found.work(sql, { id, fields }));
    if (result instanceof WechatError) throw result;
    const status = result === undefined ? 204 : 200;
    const body = result === undefined ? "" : JSON.stringify(result);
    return signedAnswer(key, { status, body, faults: faults.current });
  }

  return async (call) => {
    let key: ReturnType<typeof answerKey> = account.certificate;
    try {
      checkRequest(account, call);
      key = answerKey(account, call);
      // The file is not signed: its hash came with the link.
      if (call.method === "GET" && call.path === FILE)
        return bills.file(readFields(call, SPECS.file));
      return await answer(call, key);
    } catch (error) {
      if (!(error instanceof WechatError)) throw error;
      return errorAnswer(wechatpay, error, key);
    }
  };
}

/** An overload, or an internal error whose outcome the client cannot know. */
export function failureAnswer(wechatpay: Wechatpay, kind: "rate_limit" | "error"): HttpAnswer {
  const error =
    kind === "rate_limit"
      ? new WechatError(429, "FREQUENCY_LIMITED", "频率超限")
      : new WechatError(500, "SYSTEM_ERROR", "系统错误");
  return errorAnswer(wechatpay, error, wechatpay.account.certificate);
}

function errorAnswer(
  { faults }: Wechatpay,
  { status, code, message }: WechatError,
  key: { serial: string; privateKey: string },
): HttpAnswer {
  const body = JSON.stringify({ code, message });
  return signedAnswer(key, { status, body, faults: faults.current });
}

function certificates({ account }: Wechatpay): object {
  const { serial, pem } = account.certificate;
  const fromMs = Date.now() - DAY;
  return {
    data: [
      {
        serial_no: serial,
        effective_time: beijingRfc3339(fromMs),
        expire_time: beijingRfc3339(fromMs + 5 * 365 * DAY),
        encrypt_certificate: encrypted(account.apiV3Key(), pem, "certificate"),
      },
    ],
  };
}
