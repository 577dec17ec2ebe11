import { WECHATPAY } from "./statement-files.ts";
import { describeReconciling } from "./suite.ts";

describeReconciling("wechatpay", {
  currency: "CNY",
  aheadMs: 8 * 3_600_000,
  files: WECHATPAY,
  numberOf: ({ paymentId }) => String(paymentId),
});
