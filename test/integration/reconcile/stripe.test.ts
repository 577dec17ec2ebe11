import { STRIPE } from "./statement-files.ts";
import { describeReconciling } from "./suite.ts";

describeReconciling("stripe", {
  currency: "EUR",
  aheadMs: 0,
  files: STRIPE,
  numberOf: ({ references }) => references.session ?? "",
});
