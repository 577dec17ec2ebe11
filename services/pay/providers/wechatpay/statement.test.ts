import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { readWechatpayStatement } from "./statement.ts";

// The layout of wechatpay-axios-plugin's tests/fixtures/bill.ALL.csv, with figures written by hand.
const HEADER =
  "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMS =
  "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const values = (cells: string) =>
  cells
    .split("|")
    .map((cell) => `\`${cell}`)
    .join(",");
const payment = (name: string) =>
  values(
    `2026-11-26 00:00:00|wx1|190|0||4200001|81|o1|NATIVE|SUCCESS|OTHERS|CNY|9.50|0.50|0|0|0.00|0.00|||${name}||0.06|0.60%|10.00|0.00|`,
  );
const refund = (state: string) =>
  values(
    `2026-11-26 23:59:59|wx1|190|0||4200001|81|o1|NATIVE|REFUND|OTHERS|CNY|0.00|0.00|50300|77-2|2.90|0.00|ORIGINAL|${state}|tea||-0.02|0.60%|0.00|3.00|`,
  );
const TOTALS = values("2|9.50|2.90|0.00|0.04|10.00|3.00");
const text = (rows: string[], totals = TOTALS, header = HEADER) =>
  Buffer.from(`\uFEFF${[header, ...rows, SUMS, totals].join("\r\n")}\r\n`);
const whole = text([payment("tea"), refund("SUCCESS")]);

describe("statement of WeChat Pay", () => {
  it("has payments and refunds with exact amounts, fees and Beijing times", () => {
    const [paid, back] = readWechatpayStatement(whole);
    assert.deepEqual(paid, {
      place: "line 2",
      kind: "payment",
      state: "done",
      paymentNumber: "81",
      tradeId: "4200001",
      refundNumber: "",
      reference: "",
      amountCents: 1000n,
      currency: "CNY",
      feeCents: 6n,
      feeCurrency: "CNY",
      time: new Date("2026-11-25T16:00:00Z"),
    });
    assert.deepEqual(
      [back?.kind, back?.refundNumber, back?.reference, back?.amountCents, back?.feeCents],
      ["refund", "77-2", "50300", -300n, -2n],
    );
  });

  it("is read compressed, and refused where the compressed file is damaged", () => {
    const packed = gzipSync(whole);
    assert.deepEqual(readWechatpayStatement(packed), readWechatpayStatement(whole));
    for (const damaged of [packed.subarray(0, packed.length - 1), packed.subarray(0, 40)]) {
      assert.throws(() => readWechatpayStatement(damaged), /gzip file cannot be read/);
    }
    const wrong = Buffer.from(packed);
    wrong[packed.length - 8] = (wrong[packed.length - 8] ?? 0) ^ 1;
    assert.throws(() => readWechatpayStatement(wrong), /gzip file cannot be read/);
  });

  it("takes a name with commas and backticks for one cell", () => {
    for (const name of ["tea, green", ",", "a`b", "tea,`0.06,`x", "`"]) {
      const [paid] = readWechatpayStatement(text([payment(name), refund("SUCCESS")]));
      assert.deepEqual([paid?.amountCents, paid?.feeCents], [1000n, 6n], name);
    }
  });

  it("says how far a refund was when it was written", () => {
    for (const [state, expected] of [
      ["SUCCESS", "done"],
      ["PROCESSING", "pending"],
      ["ABNORMAL", "pending"],
      ["CLOSED", "void"],
      ["FAIL", "void"],
    ] as const) {
      const [, back] = readWechatpayStatement(text([payment("tea"), refund(state)]));
      assert.equal(back?.state, expected, state);
    }
    const unknown = text([payment("tea"), refund("LOST")]);
    assert.throws(() => readWechatpayStatement(unknown), /退款状态 "LOST" is unknown/);
  });

  it("is refused wherever it is cut off before its last sum", () => {
    const needed = whole.length - Buffer.byteLength(",`3.00\r\n") + 3;
    for (let length = 0; length < needed; length += 1) {
      assert.throws(() => readWechatpayStatement(whole.subarray(0, length)), `cut at ${length}`);
    }
  });

  it("is refused where rows and sums disagree, or a cell is not what its column says", () => {
    const rows = [payment("tea"), refund("SUCCESS")];
    for (const [file, message] of [
      [text(rows.slice(0, 1)), /it says 2 as rows, but its rows make 1/],
      [text([...rows, payment("tea")]), /it says 2 as rows, but its rows make 3/],
      [text([payment("tea").replace("`10.00", "`10.01"), refund("SUCCESS")]), /1000 as fen of pay/],
      [
        text([payment("tea"), refund("SUCCESS").replace("`3.00", "`3.01")]),
        /300 as fen of refunds/,
      ],
      [text([payment("tea").replace("`0.06", "`0.07"), refund("SUCCESS")]), /4 as fen of fees/],
      [text([payment("tea").replace("`10.00", "`10.005"), refund("SUCCESS")]), /not an amount/],
      [text([payment("tea").replace("`10.00", "`1,000.00"), refund("SUCCESS")]), /not an amount/],
      [text([payment("tea").replace("CNY", "HKD"), refund("SUCCESS")]), /in HKD, not in CNY/],
      [text([payment("tea").replace("`SUCCESS", "`USERPAYING"), refund("SUCCESS")]), /交易状态/],
      [text([payment("tea").slice(1), refund("SUCCESS")]), /does not begin with a backtick/],
      [text(rows, TOTALS, HEADER.replace("手续费", "费")), /no column 手续费/],
      [Buffer.from([0xff, 0xfe]), /not UTF-8/],
    ] as const) {
      assert.throws(() => readWechatpayStatement(file), message);
    }
  });
});
