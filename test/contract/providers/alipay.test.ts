import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

for (const checkout of ["redirect", "form", "qr"]) {
  describeProvider(
    "alipay",
    () =>
      startSimulated({
        face: "alipay",
        currency: "CNY",
        signedBy: [],
        // Bits after the signature's last byte, in the last character of its Base64.
        unsigned: /sign_type=[^&]*|.(%3D)*$/g,
        success: { status: 200, body: "success" },
        env: { SHOP_ALIPAY_CHECKOUT: checkout },
      }),
    { variant: checkout },
  );
}
