import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

describeProvider("stripe", () =>
  startSimulated({
    face: "stripe",
    currency: "EUR",
    signedBy: ["stripe-signature"],
    success: { status: 200, body: "" },
  }),
);
