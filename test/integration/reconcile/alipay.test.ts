import { ALIPAY } from "./statement-files.ts";
import { describeReconciling } from "./suite.ts";

describeReconciling("alipay", {
  currency: "CNY",
  aheadMs: 8 * 3_600_000,
  files: ALIPAY,
  numberOf: ({ paymentId }) => String(paymentId),
});
