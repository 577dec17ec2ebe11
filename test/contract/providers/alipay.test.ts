import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

for (const checkout of ["redirect", "form", "qr"]) {
  describeProvider(
    "alipay",
    () =>
      startSimulated({
        face: "alipay",
        currency: "CNY",
        // The signature is a field of the body.
        signedBy: [],
        success: { status: 200, body: "success" },
        env: { SHOP_ALIPAY_CHECKOUT: checkout },
      }),
    { variant: checkout },
  );
}
