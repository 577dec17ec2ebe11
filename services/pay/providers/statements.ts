import { readAlipayStatement } from "./alipay/statement.ts";
import { readSandboxStatement } from "./sandbox/statement.ts";
import { BEIJING_AHEAD_MS, type StatementRow } from "./statement.ts";
import { readStripeStatement } from "./stripe/statement.ts";
import { readWechatpayStatement } from "./wechatpay/statement.ts";

/** How the statements of a provider are read. */
export type StatementFormat = {
  /** Reads a whole file. Throws a StatementFault where it is damaged or not complete. */
  read(file: Uint8Array): StatementRow[];
  /** How far the days of its statements are ahead of UTC. */
  aheadMs: number;
  /** Whether its statements have the money that disputes move. */
  hasDisputes: boolean;
};

/** By the provider's name. Reading needs no settings of the provider. */
export const STATEMENTS: ReadonlyMap<string, StatementFormat> = new Map([
  ["alipay", { read: readAlipayStatement, aheadMs: BEIJING_AHEAD_MS, hasDisputes: false }],
  ["wechatpay", { read: readWechatpayStatement, aheadMs: BEIJING_AHEAD_MS, hasDisputes: false }],
  ["stripe", { read: readStripeStatement, aheadMs: 0, hasDisputes: true }],
  ["sandbox", { read: readSandboxStatement, aheadMs: 0, hasDisputes: false }],
]);
