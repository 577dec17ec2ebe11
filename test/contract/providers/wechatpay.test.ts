import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

describeProvider("wechatpay", () =>
  startSimulated({
    face: "wechatpay",
    currency: "CNY",
    signedBy: ["serial", "signature", "timestamp", "nonce"].map((name) => `wechatpay-${name}`),
    success: { status: 204, body: "" },
  }),
);
