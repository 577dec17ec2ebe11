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
/** What a platform may hold open towards one shop. */
const CONNECTIONS = 64;

/** Places, opens a payment, pays it at the platform. Callback and points come by themselves. */
export const pay: Workload = (stage) => {
  const next = baskets(stage);
  const platform = sandboxControl(stage.phase.places.sandboxUrl ?? "");
  return async () => {
    const order = next();
    const orderId = await placeOrder(stage, order);
    await payOrder(stage, { platform, orderId, caller: order.caller });
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
  paying: { platform: SandboxControl; orderId: bigint; caller: Caller },
): Promise<void> {
  const { platform, orderId, caller } = paying;
  const request = { orderId, provider: "sandbox", returnUrl: RETURN_URL };
  const { payment } = await step("open payment", () =>
    ask(pay, PayService.method.createPayment, { request, caller }),
  );
  await step("pay at the platform", () => platform.pay(payment?.paymentId ?? 0n));
}

/** Genuine callbacks of payments that the platform has and the shop has not heard of. */
export const callback: Workload = ({ phase, tellDue }) => {
  const waiting = [...(phase.callbacks ?? [])].reverse();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const url = new URL("/pay/callback/sandbox", phase.places.gatewayUrl);
  return async (cameMs) => {
    const next = waiting.pop();
    if (!next) throw new Error("there is no callback left");
    tellDue(next.orderId, cameMs);
    if (!(await postCallback(agent, url, next.body))) throw new Error("not answered with success");
  };
};
