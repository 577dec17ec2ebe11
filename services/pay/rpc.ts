import { type Implementation, implement } from "#platform/rpc/server.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";

/** Every method answers UNIMPLEMENTED, to those who may call it. */
export function payImplementation(): Implementation {
  return implement(PayService, {});
}
