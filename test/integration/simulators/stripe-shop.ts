import { Stripe } from "stripe";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
} from "./simulators.ts";

type Price = { amount?: number; currency?: string; idempotencyKey?: string };

/**
 * Starts the simulators and a shop for the tests of a suite, and stops them afterwards. `control`,
 * `shop`, `simulators` and `stripe` are there from the first test on.
 */
export function useStripe() {
  const at = {} as {
    simulators: Simulators;
    control: Simulators["control"];
    shop: Shop;
    stripe: Stripe;
  };

  before(async () => {
    at.shop = await startShop({ status: 200, body: "" });
    at.simulators = await startSimulators({
      SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${at.shop.url}/stripe`,
      SHOP_SIMULATORS_SCHEDULE_PERCENT: "1",
    });
    at.control = at.simulators.control;
    at.stripe = client();
  });

  after(async () => {
    await at.simulators?.stop();
    await at.shop?.stop();
  });

  afterEach(() => at.control.stripe.faults());

  function client(key = at.simulators.accounts.stripe.secretKey): Stripe {
    const { hostname, port } = new URL(at.simulators.accounts.stripe.url);
    return new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 0 });
  }

  /** Opens a session of 123.45 EUR. */
  function open(
    changes: Partial<Stripe.Checkout.SessionCreateParams> = {},
    { amount = 12_345, currency = "eur", idempotencyKey }: Price = {},
  ): Promise<Stripe.Checkout.Session> {
    const product_data = { name: "Order 7, 2 × tea" };
    return at.stripe.checkout.sessions.create(
      {
        mode: "payment",
        line_items: [{ quantity: 1, price_data: { currency, unit_amount: amount, product_data } }],
        success_url: "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}",
        client_reference_id: "7",
        metadata: { payment: "7" },
        payment_intent_data: { metadata: { payment: "7" } },
        adaptive_pricing: { enabled: false },
        ...changes,
      },
      idempotencyKey ? { idempotencyKey } : {},
    );
  }

  /** The event of a callback, if the SDK accepts its signature. */
  function verify({ body, headers }: Pick<Callback, "body" | "headers">, secret?: string) {
    const signature = String(headers["stripe-signature"]);
    const [newest = ""] = at.simulators.accounts.stripe.webhookSecrets;
    return at.stripe.webhooks.constructEvent(body, signature, secret ?? newest);
  }

  return Object.assign(at, { client, open, verify });
}

export function eventOf({ body }: Callback): Stripe.Event {
  return JSON.parse(body.toString()) as Stripe.Event;
}

export function objectOf(callback: Callback): { id: string } {
  return eventOf(callback).data.object as { id: string };
}

/** Whether a callback is an event of this type about this object. */
export function about(id: string, type: string) {
  return (callback: Callback) => eventOf(callback).type === type && objectOf(callback).id === id;
}
