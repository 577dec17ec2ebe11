import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { beijingDay, beijingDayBounds } from "../base/beijing.ts";
import { type Fields, textOf } from "../base/fields.ts";
import { DAY, HOUR, MINUTE } from "../base/limits.ts";
import { fundFlowBill, tradeBill } from "./bill-text.ts";
import { invalidRequest, paramError, WechatError } from "./errors.ts";
import type { Reader, Wechatpay } from "./wechatpay.ts";

/** A day's bill appears at ten the next morning, and can be fetched for three months. */
const APPEARS_MS = 10 * HOUR;
const KEPT_MS = 92 * DAY;
const LINK_LIVES_MS = 5 * MINUTE;

type File = { body: Buffer; untilMs: number };

/** Bills by request, and the links to their files, which live for five minutes. */
export function createBills({ clock, origin }: Wechatpay) {
  const files = new Map<string, File>();

  function link(text: string, fields: Fields): object {
    const nowMs = clock.nowMs();
    for (const [token, { untilMs }] of files) if (untilMs <= nowMs) files.delete(token);
    const plain = Buffer.from(text);
    const token = randomBytes(24).toString("base64url");
    const body = fields.tar_type === "GZIP" ? gzipSync(plain) : plain;
    files.set(token, { body, untilMs: nowMs + LINK_LIVES_MS });
    return {
      hash_type: "SHA1",
      // Of the text, also where the file is compressed.
      hash_value: createHash("sha1").update(plain).digest("hex"),
      download_url: `${origin()}/v3/billdownload/file?token=${token}`,
    };
  }

  return {
    trade(sql: Reader, fields: Fields): object {
      const day = dayOf(fields);
      const text = tradeBill(sql, day, (textOf(fields, "bill_type") || "ALL") as "ALL");
      return link(text ?? noBill(), fields);
    },
    fundFlow(sql: Reader, fields: Fields): object {
      const day = dayOf(fields);
      const isBasic = (textOf(fields, "account_type") || "BASIC") === "BASIC";
      const text = isBasic ? fundFlowBill(sql, day) : undefined;
      return link(text ?? noBill(), fields);
    },
    file(fields: Fields): HttpAnswer {
      const file = files.get(textOf(fields, "token"));
      if (!file || file.untilMs <= clock.nowMs()) throw invalidRequest("下载链接已失效");
      return { status: 200, headers: { "content-type": "text/plain" }, body: file.body };
    },
  };

  function dayOf(fields: Fields): { fromMs: number; toMs: number } {
    const day = beijingDayBounds(textOf(fields, "bill_date"));
    if (!day) throw paramError("bill_date must be a day as yyyy-MM-dd");
    const nowMs = clock.nowMs();
    if (day.toMs > nowMs || day.fromMs < nowMs - KEPT_MS)
      throw invalidRequest(`bill_date must be before ${beijingDay(nowMs)}, at most 3 months`);
    if (nowMs < day.toMs + APPEARS_MS)
      throw new WechatError(400, "STATEMENT_CREATING", "账单生成中，请在 10 点后再试");
    return day;
  }
}

function noBill(): never {
  throw new WechatError(400, "NO_STATEMENT_EXIST", "账单文件不存在");
}
