import { sandboxProvider } from "../../../services/pay/providers/sandbox/provider.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { startSandbox } from "../../integration/sandbox/sandbox.ts";
import { startShop } from "../../integration/simulators/simulators.ts";
import type { Contestant } from "./contestant.ts";
import { rawOf } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

describeProvider(
  "sandbox",
  async (): Promise<Contestant> => {
    const shop = await startShop({ status: 200, body: "success" });
    const notifyUrl = `${shop.url}/pay/callback/sandbox`;
    const sandbox = await startSandbox(notifyUrl);
    const { control, url } = sandbox;
    return {
      provider: sandboxProvider({ url, secret: DEVELOPMENT_SANDBOX_SECRET, notifyUrl }),
      currency: "EUR",
      signedBy: ["sandbox-timestamp", "sandbox-signature"],
      visit: async () => {},
      pay: async ({ paymentId }) => void (await control.pay(paymentId)),
      faults: ({ loseAnswers = 0, down = false } = {}) =>
        control.faults({ lose_answers: loseAnswers, down }),
      command: async () => {},
      advance: async () => {},
      async refundedCents({ paymentId }) {
        const { payments } = await control.state();
        return payments.find((one) => one.paymentId === String(paymentId))?.refundedCents ?? 0n;
      },
      nextCallback: async (fits) => rawOf(await shop.next((callback) => fits(rawOf(callback)))),
      async stop() {
        await sandbox.stop();
        await shop.stop();
      },
    };
  },
  { isSandbox: true },
);
