import { share, yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import { textOf } from "../base/fields.ts";
import { type Movement, movementsOf } from "../base/movements.ts";
import { type Refund, refundOfRow } from "../base/refunds.ts";
import { type Trade, tradeOf, tradeOfRow } from "../base/trades.ts";
import { PAYER, REFUND_STATUS, type Reader, tradeType } from "./wechatpay.ts";

const BOM = "\uFEFF";
const FEE_SHARE = 60n;
const RATE = "0.60%";

const HEADER =
  "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMMARY_HEADER =
  "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const FLOW_HEADER =
  "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";
const FLOW_SUMMARY_HEADER = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

type Day = { fromMs: number; toMs: number };
type Line = { atMs: number; cells: string[]; total: bigint; refund: bigint; fee: bigint };

/**
 * The trade bill: payments by the time of success, refunds by the time at which they were accepted
 * (pay.weixin.qq.com, "交易账单文件格式说明"). Every value follows a backtick. Undefined: an empty day.
 */
export function tradeBill(
  sql: Reader,
  day: Day,
  type: "ALL" | "SUCCESS" | "REFUND",
): string | undefined {
  const lines = [
    ...(type === "REFUND" ? [] : payments(sql, day)),
    ...(type === "SUCCESS" ? [] : refunds(sql, day)),
  ].sort((a, b) => a.atMs - b.atMs);
  if (lines.length === 0) return undefined;
  const sum = (pick: (line: Line) => bigint) =>
    yuan(lines.reduce((total, line) => total + pick(line), 0n));
  const totals = [
    String(lines.length),
    sum(({ total }) => total),
    sum(({ refund }) => refund),
    "0.00",
    sum(({ fee }) => fee),
    sum(({ total }) => total),
    sum(({ refund }) => refund),
  ];
  return file(HEADER, lines, [SUMMARY_HEADER, row(totals)]);
}

function payments(sql: Reader, { fromMs, toMs }: Day): Line[] {
  const rows = sql.all(
    "select * from trades where face = 'wechatpay' and pay_ms >= ? and pay_ms < ?",
    [fromMs, toMs],
  );
  return rows.map(tradeOfRow).map((trade) => {
    const fee = share(trade.amount, FEE_SHARE);
    const cells = [...common(trade, trade.payMs as number, "SUCCESS"), ...amounts(trade.amount)];
    const none = ["0", "0", "0.00", "0.00", "", ""];
    const all = [
      ...cells,
      ...none,
      ...names(trade),
      yuan(fee),
      RATE,
      yuan(trade.amount),
      "0.00",
      "",
    ];
    return { atMs: trade.payMs as number, cells: all, total: trade.amount, refund: 0n, fee };
  });
}

/** A refund row has no order amount, its own amount in two columns, and the fee given back. */
function refunds(sql: Reader, { fromMs, toMs }: Day): Line[] {
  const rows = sql.all(
    "select * from refunds where face = 'wechatpay' and create_ms >= ? and create_ms < ?",
    [fromMs, toMs],
  );
  return rows.map(refundOfRow).map((refund: Refund) => {
    const trade = tradeOf(sql, "wechatpay", refund.trade) as Trade;
    const fee = -share(refund.amount, FEE_SHARE);
    const amount = yuan(refund.amount);
    const all = [
      ...common(trade, refund.createMs, "REFUND"),
      ...amounts(0n),
      refund.providerId,
      refund.number,
      amount,
      "0.00",
      "ORIGINAL",
      REFUND_STATUS[refund.state],
      ...names(trade),
      yuan(fee),
      RATE,
      "0.00",
      amount,
      "",
    ];
    return { atMs: refund.createMs, cells: all, total: 0n, refund: refund.amount, fee };
  });
}

function common({ fields, number, providerId, ...trade }: Trade, atMs: number, state: string) {
  const ids = [textOf(fields, "appid"), textOf(fields, "mchid"), "0", ""];
  const type = tradeType({ fields, number, providerId, ...trade });
  return [
    beijingTime(atMs),
    ...ids,
    String(providerId),
    number,
    PAYER,
    type,
    state,
    "OTHERS",
    "CNY",
  ];
}

function amounts(settled: bigint): string[] {
  return [yuan(settled), "0.00"];
}

function names({ fields }: Trade): string[] {
  return [textOf(fields, "description"), textOf(fields, "attach")];
}

/** The fund flow bill of the basic account: each movement of money, fees on lines of their own. */
export function fundFlowBill(sql: Reader, day: Day): string | undefined {
  let balance = movementsOf(sql, "wechatpay", { fromMs: 0, toMs: day.fromMs }).reduce(
    (sum, { amount, fee }) => sum + amount - fee,
    0n,
  );
  const flows = movementsOf(sql, "wechatpay", day).flatMap(flowsOf);
  if (flows.length === 0) return undefined;
  const lines = flows.map(({ movement, name, kind, amount }, index) => {
    balance += amount;
    const income = amount >= 0n;
    const cells = [
      beijingTime(movement.atMs),
      movement.source,
      `${movement.id.replace("txn_", "10")}${index}`,
      name,
      kind,
      income ? "收入" : "支出",
      yuan(income ? amount : -amount),
      yuan(balance),
      "system",
      "",
      movement.trade,
    ];
    return { cells, amount };
  });
  const of = (fits: (amount: bigint) => boolean) => {
    const some = lines.map(({ amount }) => amount).filter(fits);
    const sum = some.reduce((total, amount) => total + amount, 0n);
    return [String(some.length), yuan(sum < 0n ? -sum : sum)];
  };
  const income = of((amount) => amount >= 0n);
  const spent = of((amount) => amount < 0n);
  const totals = [String(lines.length), ...income, ...spent];
  return file(FLOW_HEADER, lines, [FLOW_SUMMARY_HEADER, row(totals)]);
}

function flowsOf(movement: Movement) {
  const name = movement.type === "charge" ? "交易" : "退款";
  const flows = [{ movement, name, kind: name, amount: movement.amount }];
  if (movement.fee !== 0n)
    flows.push({ movement, name, kind: "扣除交易手续费", amount: -movement.fee });
  return flows;
}

function row(cells: string[]): string {
  return cells.map((cell) => `\`${cell}`).join(",");
}

function file(header: string, lines: { cells: string[] }[], summary: string[]): string {
  const rows = lines.map(({ cells }) => row(cells));
  return `${BOM}${[header, ...rows, ...summary].join("\r\n")}\r\n`;
}
