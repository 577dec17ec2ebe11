import type { HttpAnswer } from "#platform/http/answer.ts";
import type { Call } from "../base/face.ts";
import { take } from "../base/faults.ts";
import type { Sql } from "../base/store.ts";
import type { Alipay } from "./alipay.ts";
import type { createBills } from "./bills.ts";
import { signingKey } from "./callbacks.ts";
import { AlipayError, MESSAGES } from "./errors.ts";
import { createRefund, queryRefund } from "./refunds.ts";
import { type Method, paramsOf, type Request, readRequest } from "./requests.ts";
import { sign, wrongSignature } from "./signatures.ts";
import { closeTrade, precreate, queryTrade } from "./trades.ts";

type Work = (alipay: Alipay, sql: Sql, request: Request) => object;

const WORK: Partial<Record<Method, Work>> = {
  "alipay.trade.precreate": precreate,
  "alipay.trade.query": (_, sql, request) => queryTrade(sql, request),
  "alipay.trade.close": closeTrade,
  "alipay.trade.refund": createRefund,
  "alipay.trade.fastpay.refund.query": (_, sql, request) => queryRefund(sql, request),
};

/** Answers the calls of servers at /gateway.do. Errors have status 200 as well. */
export function createApi(
  alipay: Alipay,
  bills: ReturnType<typeof createBills>,
): (call: Call) => Promise<HttpAnswer> {
  const { account, store } = alipay;

  async function work(request: Request): Promise<object> {
    const isBill = request.method === "alipay.data.dataservice.bill.downloadurl.query";
    const found: Work | undefined = isBill
      ? (_, sql, { fields }) => bills.link(sql, fields)
      : WORK[request.method];
    if (!found) throw new AlipayError("40002", "isv.invalid-method", "此接口只能由浏览器访问");
    // An error whose effects stay is an outcome, so that the transaction commits.
    const outcome = await store.transact((sql) => {
      try {
        return found(alipay, sql, request);
      } catch (error) {
        if (error instanceof AlipayError && error.kept) return error;
        throw error;
      }
    });
    if (outcome instanceof AlipayError) throw outcome;
    return { code: "10000", msg: MESSAGES["10000"], ...outcome };
  }

  return async (call) => {
    if (call.path !== "/gateway.do") return { status: 404, body: "not found\n" };
    let method = "";
    try {
      const params = paramsOf(call);
      method = params.method ?? "";
      const request = readRequest(account, params);
      return answer(alipay, responseKey(request.method), await work(request));
    } catch (error) {
      if (!(error instanceof AlipayError)) throw error;
      return errorAnswer(alipay, method, error);
    }
  };
}

/** An overload, or an internal error whose outcome the client cannot know. */
export function failureAnswer(
  alipay: Alipay,
  kind: "rate_limit" | "error",
  call: Call,
): HttpAnswer {
  const error =
    kind === "rate_limit"
      ? new AlipayError("40005", "isv.call-limited", "应用调用次数超限")
      : new AlipayError("20000", "isp.unknow-error", "系统繁忙");
  return errorAnswer(alipay, call.query.get("method") ?? "", error);
}

/** An error of the business, or one of the gateway, which may come unsigned. */
function errorAnswer(alipay: Alipay, method: string, error: AlipayError): HttpAnswer {
  const content = {
    code: error.code,
    msg: MESSAGES[error.code],
    sub_code: error.subCode,
    sub_msg: error.message,
  };
  const isGateway = error.code !== "40004" && alipay.faults.current.unsigned_errors;
  return answer(
    alipay,
    isGateway || method === "" ? "error_response" : responseKey(method),
    content,
  );
}

function responseKey(method: string): string {
  return `${method.replaceAll(/[^A-Za-z0-9]/g, "_")}_response`;
}

/** The signature covers the text of the inner object as it stands in the answer. */
function answer(alipay: Alipay, key: string, content: object): HttpAnswer {
  const { account, faults } = alipay;
  const inner = JSON.stringify(content);
  const headers = { "content-type": "text/html;charset=utf-8" };
  if (key === "error_response" && faults.current.unsigned_errors)
    return { status: 200, headers, body: `{"error_response":${inner}}` };
  const genuine = sign(inner, signingKey(account, faults.current));
  const signature = take(faults.current, "wrong_signature") ? wrongSignature(genuine) : genuine;
  return { status: 200, headers, body: `{"${key}":${inner},"sign":"${signature}"}` };
}
