import type { StoredPayment } from "../../../services/pay/providers/provider.ts";
import { stripeProvider } from "../../../services/pay/providers/stripe/provider.ts";
import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

const sessionOf = ({ references }: StoredPayment) => references.session ?? "none";

describeProvider("stripe", () =>
  startSimulated({
    face: "stripe",
    currency: "EUR",
    signedBy: ["stripe-signature"],
    success: { status: 200, body: "" },
    provider: ({ stripe }) =>
      stripeProvider({
        url: stripe.url,
        secretKey: stripe.secretKey,
        livemode: false,
        webhookSecrets: stripe.webhookSecrets,
        paymentMethods: undefined,
      }),
    numberOf: sessionOf,
    isAbout: ({ body }, payment) => Buffer.from(body).includes(sessionOf(payment)),
  }),
);
