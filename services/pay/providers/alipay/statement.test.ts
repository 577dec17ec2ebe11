import assert from "node:assert/strict";
import { zipSync } from "fflate";
import iconv from "iconv-lite";
import { readAlipayStatement } from "./statement.ts";

// The layout of files that shops have published; every figure is written by hand.
const HEADER =
  "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";
const row = (name: string, { order = "81", end = "23:59:59" } = {}) =>
  `2026112622001\t,${order}\t,交易\t,${name}\t,2026-11-26 23:50:00,2026-11-26 ${end},\t,\t,\t,\t,*明(139****)\t,1234.50,1234.50,0.00,0.00,0.00,0.00,0.00,\t,0.00,0.00,\t,-7.41,0.00,\t`;
const REFUND =
  "2026112622001\t,81\t,退款\t,tea\t,2026-11-26 23:50:00,2026-11-26 23:59:59,\t,\t,\t,\t,*明(139****)\t,-34.05,-34.05,0.00,0.00,0.00,0.00,0.00,\t,0.00,0.00,77-2\t,0.20,0.00,broken, said the shopper\t";

function text(rows: string[], footer: string[], header = HEADER): string {
  return [
    "#支付宝业务明细查询",
    "#账号：[20880000000000000156]",
    "#起始日期：[2026年11月26日 00:00:00]   终止日期：[2026年11月27日 00:00:00]",
    "#-----------------------------------------业务明细列表----------------------------------------",
    header,
    ...rows,
    "#-----------------------------------------业务明细列表结束------------------------------------",
    ...footer,
    "#导出时间：[2026年11月27日 09:12:00]",
    "",
  ].join("\r\n");
}
const FOOTER = [
  "#交易合计：1笔，商家实收共1234.50元，商家优惠共0.00元",
  "#退款合计：1笔，商家实收退款共-34.05元，商家优惠退款共0.00元",
];
const bytes = (content: string) => iconv.encode(content, "gbk");
const whole = text([row("tea"), REFUND], FOOTER);

describe("statement of Alipay", () => {
  it("has payments and refunds with exact amounts, fees and Beijing times", () => {
    const [payment, refund] = readAlipayStatement(bytes(whole));
    assert.deepEqual(payment, {
      place: "line 6",
      kind: "payment",
      state: "done",
      paymentNumber: "81",
      tradeId: "2026112622001",
      refundNumber: "",
      reference: "",
      amountCents: 123450n,
      currency: "CNY",
      feeCents: 741n,
      feeCurrency: "CNY",
      time: new Date("2026-11-26T15:59:59Z"),
    });
    assert.deepEqual(
      [refund?.kind, refund?.refundNumber, refund?.amountCents, refund?.feeCents],
      ["refund", "77-2", -3405n, -20n],
    );
  });

  it("is read from the zip, beside the file of sums", () => {
    const zip = zipSync({
      "2088_20261126_业务明细(汇总).csv": bytes("#支付宝业务汇总查询"),
      "2088_20261126_业务明细.csv": bytes(whole),
    });
    assert.deepEqual(readAlipayStatement(zip), readAlipayStatement(bytes(whole)));
    assert.throws(() => readAlipayStatement(zip.subarray(0, zip.length - 30)), /zip/);
    const other = zipSync({ "2088_账务明细.csv": bytes(whole) });
    assert.throws(() => readAlipayStatement(other), /业务明细\.csv/);
  });

  it("takes a name with commas, digits, quotes and a hash for one cell", () => {
    for (const name of ["tea, green, 5", "5,00,tea", '"a,b"', ",", "#1, tea", "2026-11-26,x"]) {
      const [payment] = readAlipayStatement(bytes(text([row(name), REFUND], FOOTER)));
      assert.deepEqual([payment?.amountCents, payment?.feeCents], [123450n, 741n], name);
      const [withoutTabs] = readAlipayStatement(
        bytes(
          text([row(name).replaceAll("\t", "")], [FOOTER[0] ?? "", FOOTER[1] ?? ""]).replace(
            "退款合计：1笔，商家实收退款共-34.05",
            "退款合计：0笔，商家实收退款共0.00",
          ),
        ),
      );
      assert.deepEqual([withoutTabs?.amountCents, withoutTabs?.feeCents], [123450n, 741n], name);
    }
  });

  it("is read by the names of its columns, in any order, and as UTF-8 with a byte order mark", () => {
    const swap = (line: string) => {
      const cells = line.split(",");
      return [...cells.slice(0, 3), ...cells.slice(4, 11), cells[3], ...cells.slice(11)].join(",");
    };
    const swapped = text(
      [swap(row("tea"))],
      [FOOTER[0] ?? "", "#退款合计：0笔，商家实收退款共0.00元"],
      swap(HEADER),
    );
    const [payment] = readAlipayStatement(Buffer.from(`\uFEFF${swapped}`));
    assert.deepEqual(payment?.time, new Date("2026-11-26T15:59:59Z"));
    assert.equal(payment?.amountCents, 123450n);
  });

  it("takes a refund that is written as a positive amount for money that went out", () => {
    const positive = REFUND.replace("-34.05,-34.05", "34.05,34.05");
    const footer = [FOOTER[0] ?? "", "#退款合计：1笔，商家实收退款共34.05元，商家优惠退款共0.00元"];
    const [, refund] = readAlipayStatement(bytes(text([row("tea"), positive], footer)));
    assert.equal(refund?.amountCents, -3405n);
  });

  it("is refused wherever it is cut off", () => {
    const file = bytes(whole);
    const footerEnd = iconv.encode(whole.slice(0, whole.indexOf("#导出时间") - 2), "gbk").length;
    // Behind the amount of the last sum nothing is needed.
    const needed = footerEnd - iconv.encode("元，商家优惠退款共0.00元", "gbk").length + 2;
    for (let length = 0; length < needed; length += 1) {
      assert.throws(() => readAlipayStatement(file.subarray(0, length)), `cut at ${length}`);
    }
    assert.equal(readAlipayStatement(file.subarray(0, footerEnd)).length, 2);
  });

  it("is refused where rows and sums disagree, or a cell is not what its column says", () => {
    for (const [rows, message] of [
      [[row("tea")], /it says 1 as rows of #退款合计, but its rows make 0/],
      [[row("tea"), row("tea"), REFUND], /it says 1 as rows of #交易合计, but its rows make 2/],
      [[row("tea").replaceAll("1234.50", "1234.51"), REFUND], /123450 as fen .* 123451/],
      [[row("tea").replaceAll("1234.50", "1.234"), REFUND], /line 6: "1.234" is not an amount/],
      [[row("tea").replaceAll("1234.50", "1e3"), REFUND], /"1e3" is not an amount/],
      [[row("tea", { end: "24:00:00" }), REFUND], /is not a time/],
      [[row("tea").replace("交易", "转账"), REFUND], /业务类型 is "转账"/],
      [[`${row("tea")},`, REFUND], /has 26 cells instead of 25/],
    ] as const) {
      assert.throws(() => readAlipayStatement(bytes(text([...rows], FOOTER))), message);
    }
    const noColumn = HEADER.replace("服务费（元）", "费");
    assert.throws(
      () => readAlipayStatement(bytes(text([row("tea"), REFUND], FOOTER, noColumn))),
      /no column 服务费（元）/,
    );
    assert.throws(() => readAlipayStatement(Buffer.from([0x81, 0x20, 0xff])), /not GBK/);
  });
});
