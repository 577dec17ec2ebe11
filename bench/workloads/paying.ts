import { Agent } from "node:http";
import { fromBinary } from "@bufbuild/protobuf";
import { PlaceOrderResponseSchema } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { type SandboxControl, sandboxControl } from "../../simulators/sandbox/client.ts";
import { postCallback } from "../callback/send.ts";
import type { Caller } from "../load/rpc.ts";
import { baskets, type Order } from "./baskets.ts";
import { PLACE_ORDER, type Stage, type Workload } from "./stage.ts";
import { ask } from "./typed.ts";

const RETURN_URL = "http://localhost/thanks";
/** Connections that a provider keeps open to one shop. */
const CONNECTIONS = 64;

/** Places an order, opens a payment and pays it at the provider; callback and points follow. */
export const pay: Workload = (stage) => {
  const next = baskets(stage);
  const provider = sandboxControl(stage.phase.places.sandboxUrl ?? "");
  return async () => {
    const order = next();
    const orderId = await placeOrder(stage, order);
    await payOrder(stage, { provider, orderId, caller: order.caller });
  };
};

export async function placeOrder(
  { order, step }: Pick<Stage, "order" | "step">,
  { body, caller }: Order,
): Promise<bigint> {
  const answer = await step("place", () => order.call(PLACE_ORDER, body, caller));
  return fromBinary(PlaceOrderResponseSchema, answer).order?.orderId ?? 0n;
}

export async function payOrder(
  { pay, step }: Pick<Stage, "pay" | "step">,
  paying: { provider: SandboxControl; orderId: bigint; caller: Caller },
): Promise<void> {
  const { provider, orderId, caller } = paying;
  const request = { orderId, provider: "sandbox", returnUrl: RETURN_URL };
  const { payment } = await step("open payment", () =>
    ask(pay, PayService.method.createPayment, { request, caller }),
  );
  await step("pay at the provider", () => provider.pay(payment?.paymentId ?? 0n));
}

/** Sends valid callbacks of payments that are paid at the provider and still open in the shop. */
export const callback: Workload = ({ phase, recordDue }) => {
  const waiting = [...(phase.callbacks ?? [])].reverse();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const url = new URL("/pay/callback/sandbox", phase.places.gatewayUrl);
  return async (arrivedMs) => {
    const next = waiting.pop();
    if (!next) throw new Error("all prepared callbacks are used");
    recordDue(next.orderId, arrivedMs);
    if (!(await postCallback(agent, url, next.body)))
      throw new Error("the callback was not answered with success");
  };
};
