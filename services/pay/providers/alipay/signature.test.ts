import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { readAnswer } from "./answer.ts";
import { formOf, parseForm } from "./form.ts";
import { isNoticeSigned, type Params, signedText } from "./signature.ts";

const publicKey = (base64: string) =>
  createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });

// Real messages of Alipay with its keys, from test/alipay.test.ts and test/fixtures of alipay-sdk
// 4.14.0.

const TRADE_KEY = publicKey(
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqObrdC7hrgAVM98tK0nv3hSQRGGKT4lBsQjHiGjeYZjOPIPHR5knm2jnnz/YGIXIofVHkA/tAlBAd5DrY7YpvI4tP5EONLtZKC2ghBMx7McI2wRD0xiqzxOQr1FuhZGJ8/AUokBzJrzY+aGX2xcOrxFYRlFilvVLTXg4LWjR1tdPkO6+i7wQZAIVMClPkwVRZEbaERRHlKqTzv2gGv5rDU8gRoe1LeaN+6BlbTqHWkQcNCUNrA8C6l17XAXGKDsm/9TFWwO8EPHHHCaQdjtV5/FdcWIt+L8SR1ss7EXTjYDFtxcKVv9rEoY1lX8T4mX+GbXfZHraG5NCF1+XioL5JwIDAQAB",
);
/** A notice of a payment. Its signature does not cover `sign_type`. */
const TRADE: Params = {
  gmt_create: "2019-08-15 15:56:22",
  charset: "utf-8",
  seller_email: "z97-yuquerevenue@service.aliyun.com",
  subject: "语雀空间 500人规模",
  sign: "QfTb8tqE1BMhS5qAnXtvsF3/jBkEvu9q9en0pdbBUDDjvKycZhQb7h8GDs4FKfi049PynaNuatxSgLb/nLWZpXyyh0LEWdK2S6Ri7nPwrVgOs08zugLO20vOQz44y3ti2Ncm8/wZts1Fr2gZ7pShnVX3d1B50hbsXnObT1r/U8ONNQjWXd0HIul4TG+Q3fm3svmSvFEy0WnzuhcyHPX5Gm4ELNctL6Qd5YniGJFNcc7kopHYtI/XD9YCKCH6Ct02rzUs9i11C9CsadtZn+WhxF26Dqt9sGEFajkJ8cxUTLi8+VCpLHsgPE8P0y095uQcDdK0YjCh4x7wVSov+lrmOQ==",
  buyer_id: "2088102534368455",
  invoice_amount: "0.10",
  notify_id: "2019081500222155624068450559358070",
  fund_bill_list: '[{"amount":"0.10","fundChannel":"ALIPAYACCOUNT"}]',
  notify_type: "trade_status_sync",
  trade_status: "TRADE_SUCCESS",
  receipt_amount: "0.10",
  buyer_pay_amount: "0.10",
  sign_type: "RSA2",
  app_id: "2019073166072302",
  seller_id: "2088531891668739",
  gmt_payment: "2019-08-15 15:56:24",
  notify_time: "2019-08-15 15:56:25",
  version: "1.0",
  out_trade_no: "20190815155618536-564-57",
  total_amount: "0.10",
  trade_no: "2019081522001468450512505578",
  auth_app_id: "2019073166072302",
  buyer_logon_id: "xud***@126.com",
  point_amount: "0.00",
};

const SERVICE_KEY = publicKey(
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk6DCsBIUhWriFohzRV8Fic6oQWNnLKKILNk97VU5qcHEuxYzCujKoyva5gy1170mFJw4IcgJF8AyS7iDUwzAwF4Pp9CpWxDhUhe7mdQJhjBmvTcPLGFFrzlj6unO5lAcbdwaxPUtSxOaNxPJGrTK/wnKQSbjTMMltp1J68q2Tfgrsn/NdZ6lrxO9rvmky8kowqaH5NjntyHO59jCGabMj5sI14z8N61wB/QuIJrDuzIPMPrSNbq0cOWcSCDG09oUHTp9fk7suDB8UiFcmVTXOvK3d4HbeX8V9YsEMxrwxEoYgRRj6K2qrC6oxw480cqf2ueumCmHg6xrcgkyXK81hwIDAQAB",
);
/** A notice of another kind. Its signature covers `sign_type`. */
const SERVICE: Params = {
  app_id: "2017122801303261",
  charset: "UTF-8",
  commodity_order_id: "2019030800000018079639",
  contactor: "技术支持测试的公司",
  merchant_pid: "2088721996721370",
  method: "alipay.open.servicemarket.order.notify",
  name: "技术支持测试的公司",
  notify_id: "2019030800222102023008121054923345",
  notify_time: "2019-03-08 10:20:23",
  notify_type: "servicemarket_order_notify",
  order_item_num: "1",
  order_ticket: "29b1c37d99ab48c5bd5bdaeaeaefbB37",
  order_time: "2019-03-08 10:20:08",
  phone: "17826894615",
  service_code: "58621634",
  sign: "MsK5SCw8oqLw4f0hiNSd5OVGXxBY3wnQeT8vn5PklJSZFWSZbK4hQbNvkp4ZezeXQH514cEv0ul6Qow8yh6e6yM06LfEL+EZjcpZ0nxzFGRNQ5qq2AUc1OaXQdk92AGvxh+Iq4NGpPQFBd4D8EBJa3NJd8+czMfQskceosOQFqUtLQMYa5DPs+VpN7VM5BdXjaVIuKn5d9Wm2B9dI9ObIM+YRySDkZZPv14DVmUvcrcqJfOR8aHvtSd7B4l92wUQPQgQKNcOQho7xOHS/Bk+Y74AZL2y7TkNmdDoq9OGsThuF5tDW9rI9nVwXxOtsuB+bstra+W7aw9x9DvkKgdSRw==",
  sign_type: "RSA2",
  timestamp: "2019-03-08 10:20:23",
  title: "麦禾商城模版",
  total_price: "0.00",
  version: "1.0",
};

const ANSWER_KEY = publicKey(
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk7LzhmMa2c4qQd4fqAqenfbuFoA7stPKvoS1LrZEsVnOOGUUjwoa1oU9xsSPjcOWhIerU/VAN4J95GIAXx59ipcleIyfLn2FhHXPgLJpvo+b2jJFyn/1/DbeJDh+0yDVAOf50Z7HhI0mdUhFMkXlT7BU0ZMtJf/TmISFEfhDU/w6qFd6D42L97byAkq0K6LroglSVF24GqJEa7hSeUIkZWj7RasykXrc2uVJ1+ejkXE0LyPxa2AHykMGbJLf5SiZvaNzUZgnKIR36mLOHpQ/2JCXxhXZYUWHzy0kMH54JcUEeksFWBYLGvLjV1phbcUIc3Q76tIuqApY6E222OoZZQIDAQAB",
);
const ANSWER =
  '{"alipay_open_file_upload_response":{"code":"10000","msg":"Success","file_id":"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"},"sign":"F+LDzpTNiavn7xVZPGuPCSSVRSmWzJGgtuji6tVELGEaqMaNj0jRKXUEr5nloZJBBmwEnddOyCjjepMmrTKTvoOqQ0Efxpr/R1iEeHTHVbb/Q8TTh6Up5gHJDkILdaWS2q1cWeQ6VT+HQY9P3WRXS7uhILHuDODIhpAyCu5KhWGt0rMCIG+Im6NODJP2oohtSCtmTFXg58HH587Z2y2bdbjzOxLvzD9IrU1imghXQ2S/Q+wMIvRk9on6cWnBLkrNvJKapA2ReNGWOwyuASvB9zDVzhMPbR+3mfRGkVDxsq5HYLjBKGskJMXHw0HuugZij6ScRuaLPODhmHwr/pJ9yw=="}';
const METHOD = "alipay.open.file.upload";

/** The text with the character at `at` changed, to another one of the same kind. */
function changed(text: string, at: number): string {
  const other = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("signatures of Alipay", () => {
  const vectors = { TRADE: [TRADE, TRADE_KEY], SERVICE: [SERVICE, SERVICE_KEY] } as const;
  for (const [name, [params, key]] of Object.entries(vectors)) {
    it(`accept the published notice ${name}, and none of its values changed by a character`, () => {
      assert.ok(isNoticeSigned(params, [key]));
      assert.ok(isNoticeSigned(params, [ANSWER_KEY, key]));
      assert.ok(!isNoticeSigned(params, [ANSWER_KEY]));
      assert.ok(!isNoticeSigned(params, []));
      for (const [field, value] of Object.entries(params)) {
        for (let at = 0; at < value.length; at += 1) {
          const forged = { ...params, [field]: changed(value, at) };
          assert.ok(!isNoticeSigned(forged, [key]), `${field} at ${at}`);
        }
        const { [field]: _, ...rest } = params;
        // Notices of trades are signed without it.
        if (field === "sign_type" && params === TRADE) continue;
        assert.ok(!isNoticeSigned(rest, [key]), `without ${field}`);
      }
      assert.ok(!isNoticeSigned({ ...params, more: "" }, [key]));
    });
  }

  it("are RSA2 with any sign_type that a notice states", () => {
    const { sign_type: _, ...without } = TRADE;
    assert.ok(isNoticeSigned(without, [TRADE_KEY]));
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const text = signedText(TRADE, ["sign", "sign_type"]);
    const weak = sign("RSA-SHA1", Buffer.from(text), privateKey).toString("base64");
    for (const type of ["RSA", "RSA2", ""]) {
      assert.ok(!isNoticeSigned({ ...TRADE, sign: weak, sign_type: type }, [publicKey]), type);
    }
  });

  it("are Base64 as an encoder writes it", () => {
    const sign = TRADE.sign as string;
    for (const other of [
      sign.replaceAll("/", "_").replaceAll("+", "-"),
      sign.replace("==", ""),
      sign.replace("OQ==", "OR=="),
      ` ${sign}`,
      `${sign}\n`,
      sign.replace("f", "%f"),
    ]) {
      assert.notEqual(other, sign);
      assert.ok(!isNoticeSigned({ ...TRADE, sign: other }, [TRADE_KEY]), other);
    }
  });

  it("accept the published answer, and no other byte in what they cover", () => {
    const read = (text: string) =>
      readAnswer(Buffer.from(text), { method: METHOD, keys: [TRADE_KEY, ANSWER_KEY] });
    assert.equal(read(ANSWER)?.file_id, "CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr");
    for (let at = 0; at < ANSWER.length; at += 1) {
      assert.equal(read(changed(ANSWER, at)), undefined, `at ${at}`);
    }
  });
});

describe("answers of Alipay", () => {
  const read = (text: string, method = METHOD) =>
    readAnswer(Buffer.from(text), { method, keys: [ANSWER_KEY] });
  const [, inner = "", sign = ""] = /:(\{.*\}),"sign":"(.*)"/.exec(ANSWER) ?? [];
  const name = "alipay_open_file_upload_response";

  it("are the signed text at any place in an answer", () => {
    for (const text of [
      `{"sign":"${sign}","${name}":${inner}}`,
      ` { "${name}"\n:\t${inner} ,\r\n "sign" : "${sign}" } `,
      `{"a":{"${name}":{"code":"1"},"sign":"x"},"${name}":${inner},"b":["}",{"c":","}],"sign":"${sign}"}`,
      `{"note":"\\",\\"${name}\\":{","${name}":${inner},"sign":"${sign}"}`,
    ]) {
      assert.equal(read(text)?.code, "10000", text);
    }
  });

  it("are nothing if they are of another method, unsigned, repeated or not JSON", () => {
    for (const text of [
      `{"${name}":${inner}}`,
      `{"${name}":${inner},"sign":null}`,
      `{"error_response":${inner},"sign":"${sign}"}`,
      `{"${name}":${inner},"${name}":${inner},"sign":"${sign}"}`,
      `{"${name}":{"code":"1"},"${name}":${inner},"sign":"${sign}"}`,
      `{"x":{"${name}":${inner}},"sign":"${sign}"}`,
      ANSWER.slice(0, -1),
      `[${ANSWER}]`,
      "",
      "null",
    ]) {
      assert.equal(read(text), undefined, text);
    }
    assert.equal(read(ANSWER, "alipay.trade.query"), undefined);
  });
});

describe("forms of Alipay", () => {
  it("are decoded once", () => {
    const params = { subject: "a%2Bb+c &quot;\"' 茶🍵", fund_bill_list: '[{"a":"b"}]', empty: "" };
    assert.deepEqual({ ...parseForm(Buffer.from(formOf(params))) }, params);
    assert.deepEqual(
      { ...parseForm(Buffer.from("a=1+2&b=%2B&c=%2526")) },
      { a: "1 2", b: "+", c: "%26" },
    );
  });

  it("are refused with a repeated name or too many names", () => {
    assert.equal(parseForm(Buffer.from("a=1&b=2&a=1")), undefined);
    assert.equal(parseForm(Buffer.from("a=1&%61=1")), undefined);
    const many = Array.from({ length: 201 }, (_, index) => `n${index}=1`).join("&");
    assert.equal(parseForm(Buffer.from(many)), undefined);
    const odd = parseForm(Buffer.from("__proto__=1&constructor=2"));
    assert.deepEqual(Object.entries(odd ?? {}), [
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });
});
