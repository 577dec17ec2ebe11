import { randomBytes } from "node:crypto";
import iconv from "iconv-lite";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { beijingDayBounds } from "../base/beijing.ts";
import type { Call } from "../base/face.ts";
import { type Fields, textOf } from "../base/fields.ts";
import { HOUR, SECOND } from "../base/limits.ts";
import type { Alipay, Reader } from "./alipay.ts";
import { accountFiles, type Period, tradeFiles } from "./bill-text.ts";
import { AlipayError } from "./errors.ts";
import { zip } from "./zip.ts";

/** A day's bill appears at nine the next morning; a month's on its third day. */
const DAY_APPEARS_MS = 9 * HOUR;
const MONTH_APPEARS_MS = 57 * HOUR;
const LINK_LIVES_MS = 30 * SECOND;
const PATH = "/dlbill/";

/** Bills by request, and the links to their files, which live for 30 seconds. */
export function createBills({ account, clock, origin }: Alipay) {
  const files = new Map<string, { body: Buffer; name: string; untilMs: number }>();
  return {
    link(sql: Reader, fields: Fields): object {
      const nowMs = clock.nowMs();
      const day = textOf(fields, "bill_date");
      const period = periodOf(day);
      const appearsMs = day.length === 7 ? MONTH_APPEARS_MS : DAY_APPEARS_MS;
      if (nowMs < period.toMs + appearsMs) throw noBill();
      const make = fields.bill_type === "trade" ? tradeFiles : accountFiles;
      const texts = make({ sql, account, period, nowMs });
      if (!texts) throw noBill();
      for (const [token, { untilMs }] of files) if (untilMs <= nowMs) files.delete(token);
      const stem = `${account.sellerId}0156_${day.replaceAll("-", "")}`;
      const entries = Object.entries(texts).map(([name, content]) => ({
        name: iconv.encode(`${stem}_${name}`, "gbk"),
        content: iconv.encode(content, "gbk"),
      }));
      const token = randomBytes(24).toString("hex");
      const untilMs = nowMs + LINK_LIVES_MS;
      files.set(token, { body: zip(entries), name: `${stem}.csv.zip`, untilMs });
      return { bill_download_url: `${origin()}${PATH}${token}` };
    },
    /** The file of a link. Undefined for other paths. */
    file(call: Call): HttpAnswer | undefined {
      if (!call.path.startsWith(PATH)) return undefined;
      const file = files.get(call.path.slice(PATH.length));
      if (!file || file.untilMs <= clock.nowMs()) return { status: 404, body: "not found\n" };
      const headers = {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename=${file.name}`,
      };
      return { status: 200, headers, body: file.body };
    },
  };
}

/** A day, or a month, of Beijing. */
function periodOf(day: string): Period {
  if (day.length === 10) return beijingDayBounds(day) ?? fail();
  const from = beijingDayBounds(`${day}-01`) ?? fail();
  const [year = 0, month = 0] = day.split("-").map(Number);
  const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
  return { fromMs: from.fromMs, toMs: (beijingDayBounds(`${next}-01`) ?? fail()).fromMs };
}

function fail(): never {
  throw new AlipayError("40002", "isv.invalid-parameter", "bill_date is no day and no month");
}

function noBill(): AlipayError {
  return new AlipayError("40004", "isp.bill_not_exist", "账单不存在");
}
