import { yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import { textOf } from "../base/fields.ts";
import { type Movement, movementsOf } from "../base/movements.ts";
import { refundOf } from "../base/refunds.ts";
import { type Trade, tradeOf } from "../base/trades.ts";
import type { Account } from "./account.ts";
import { BUYER, merchantNumber, type Reader } from "./alipay.ts";

// The layout of the files follows real ones that shops have published (docs of 2019 and 2020):
// lines with `#`, a header, rows whose text cells end with a TAB, and CRLF. Commas in a subject are
// not quoted.

export type Period = { fromMs: number; toMs: number };

const TRADE_HEADER =
  "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";
const SUMMARY_HEADER =
  "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）";
const ACCOUNT_HEADER =
  "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注";

const RULE = "-".repeat(40);

type Source = { sql: Reader; account: Account; period: Period; nowMs: number };

/** The two files of the trade bill. Undefined: nothing moved in the period. */
export function tradeFiles(source: Source): Record<string, string> | undefined {
  const movements = movementsOf(source.sql, "alipay", source.period);
  if (movements.length === 0) return undefined;
  const rows = movements.map((movement) => tradeRow(source.sql, movement));
  const sum = (type: string) => {
    const some = movements.filter((movement) => movement.type === type);
    return { count: some.length, amount: total(some.map(({ amount }) => amount)) };
  };
  const [paid, refunded] = [sum("charge"), sum("refund")];
  const fees = total(movements.map(({ fee }) => fee));
  const details = file(source, {
    title: "业务明细",
    header: TRADE_HEADER,
    rows,
    totals: [
      `#交易合计：${paid.count}笔，商家实收共${yuan(paid.amount)}元，商家优惠共0.00元`,
      `#退款合计：${refunded.count}笔，商家实收退款共${yuan(refunded.amount)}元，商家优惠退款共0.00元`,
    ],
  });
  const net = paid.amount + refunded.amount;
  const cells = [
    text("合计"),
    text(""),
    `${paid.count}`,
    `${refunded.count}`,
    yuan(net),
    yuan(net),
  ];
  const rest = ["0.00", "0.00", "0.00", yuan(-fees), "0.00", yuan(net - fees)];
  const summary = file(source, {
    title: "业务汇总",
    header: SUMMARY_HEADER,
    rows: [[...cells, ...rest]],
    totals: [],
  });
  return { "业务明细.csv": details, "业务明细(汇总).csv": summary };
}

/** A refund has the payment's numbers and creation time, its own completion time and number. */
function tradeRow(sql: Reader, movement: Movement): string[] {
  const trade = tradeOf(sql, "alipay", movement.trade) as Trade;
  const isRefund = movement.type === "refund";
  const requestNo = isRefund
    ? merchantNumber({ number: movement.source, trade: trade.number })
    : "";
  return [
    text(String(trade.providerId)),
    text(trade.number),
    text(isRefund ? "退款" : "交易"),
    text(textOf(trade.fields, "subject")),
    beijingTime(trade.createMs),
    beijingTime(movement.atMs),
    ...["", "", "", ""].map(text),
    text(`模拟买家(${BUYER.logon})`),
    yuan(movement.amount),
    yuan(movement.amount),
    "0.00",
    "0.00",
    yuan(isRefund ? 0n : trade.coupon),
    "0.00",
    "0.00",
    text(""),
    "0.00",
    "0.00",
    text(requestNo),
    yuan(-movement.fee),
    "0.00",
    text(textOf(refundOf(sql, "alipay", movement.source)?.fields ?? {}, "refund_reason")),
  ];
}

/** The one file of the account bill: each movement, fees on lines of their own. */
export function accountFiles(source: Source): Record<string, string> | undefined {
  const { sql, period } = source;
  const before = movementsOf(sql, "alipay", { fromMs: 0, toMs: period.fromMs });
  let balance = total(before.map(({ amount, fee }) => amount - fee));
  const movements = movementsOf(sql, "alipay", period);
  if (movements.length === 0) return undefined;
  const rows = movements.flatMap((movement) => {
    const trade = tradeOf(sql, "alipay", movement.trade) as Trade;
    const kind = movement.type === "refund" ? "交易退款" : "在线支付";
    const flows: [string, bigint][] = [
      [kind, movement.amount],
      ["收费", -movement.fee],
    ];
    return flows
      .filter(([, amount]) => amount !== 0n)
      .map(([type, amount], index) => {
        balance += amount;
        return [
          text(`${movement.id.replace("txn_", "10")}${index}`),
          text(String(trade.providerId)),
          text(trade.number),
          text(textOf(trade.fields, "subject")),
          beijingTime(movement.atMs),
          text(BUYER.logon),
          amount > 0n ? yuan(amount) : "0.00",
          amount < 0n ? yuan(amount) : "0.00",
          yuan(balance),
          text("支付宝"),
          text(type),
          text(""),
        ];
      });
  });
  const title = "账务明细";
  return { "账务明细.csv": file(source, { title, header: ACCOUNT_HEADER, rows, totals: [] }) };
}

function file(
  { account, period, nowMs }: Source,
  content: { title: string; header: string; rows: string[][]; totals: string[] },
): string {
  const { title, header, rows, totals } = content;
  return [
    `#支付宝${title}查询`,
    `#账号：[${account.sellerId}0156]`,
    `#起始日期：[${chinese(period.fromMs)}]   终止日期：[${chinese(period.toMs)}]`,
    `#${RULE}${title}列表${RULE}`,
    header,
    ...rows.map((cells) => cells.join(",")),
    `#${RULE}${title}列表结束${RULE}`,
    ...totals,
    `#导出时间：[${chinese(nowMs)}]`,
    "",
  ].join("\r\n");
}

function chinese(ms: number): string {
  const [year, month, rest = ""] = beijingTime(ms).split("-");
  return `${year}年${month}月${rest.replace(" ", "日 ")}`;
}

function text(cell: string): string {
  return `${cell}\t`;
}

function total(amounts: bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
