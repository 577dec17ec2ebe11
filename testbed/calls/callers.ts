import { setTimeout as pause } from "node:timers/promises";
import { type CallOptions, type Client, createClient } from "#platform/rpc/clients.ts";
import { type Role, signToken } from "#platform/rpc/tokens.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

const descriptors = {
  goods: GoodsService,
  coupon: CouponService,
  user: UserService,
  order: OrderService,
  pay: PayService,
} as const;

/** Clients of the five services with the token of one caller. */
export type Caller = { [S in ServiceName]: Client<(typeof descriptors)[S]> };

export type Callers = {
  admin: Caller;
  anonymous: Caller;
  user(id: bigint): Caller;
  /** A service of the shop, such as "order". */
  service(name: string): Caller;
  /** A caller with this token, which may be invalid. */
  bearer(token: string): Caller;
  /** Resolves when calls reach the service; after a failure gRPC waits before it reconnects. */
  untilReachable(service: ServiceName): Promise<void>;
  close(): void;
};

const timeoutMs = 15_000;
/** Longer than any run, even for a service whose clock is hours ahead. */
const ttlSeconds = 86_400;

/** A token that is signed with the development keys, which the services of tests accept. */
export function token(role: Role, subject: string, validSeconds = ttlSeconds): Promise<string> {
  const keys = readSettings({}, (read) => tokenSettings(read, false));
  return signToken(keys, { role, subject, ttlSeconds: validSeconds });
}

/**
 * Opens clients with one connection to each service. A refused call throws a Refusal, any other
 * failed call an Outage.
 */
export function callers(addresses: Record<ServiceName, string>): Callers {
  const clients = Object.fromEntries(
    SERVICES.map((service) => [
      service,
      createClient(descriptors[service], {
        address: addresses[service],
        tls: undefined,
        timeoutMs,
      }),
    ]),
  ) as Caller;
  const known = new Map<string, Caller>();
  const signed = (role: Role, subject: string) => {
    const key = `${role}:${subject}`;
    const found = known.get(key) ?? as(clients, token(role, subject));
    known.set(key, found);
    return found;
  };
  return {
    admin: signed("admin", "tester"),
    anonymous: clients,
    user: (id) => signed("user", String(id)),
    service: (name) => signed("service", name),
    bearer: (text) => as(clients, Promise.resolve(text)),
    untilReachable: async (service) => {
      const calls = clients[service] as unknown as Record<string, Call>;
      const [first] = descriptors[service].methods.map(({ localName }) => calls[localName]);
      const deadline = Date.now() + timeoutMs;
      // An anonymous, empty call is refused, and so has no effect.
      const refused = () =>
        first?.({}).then(
          () => true,
          (error) => error instanceof Refusal,
        );
      while (!(await refused())) {
        if (Date.now() > deadline) throw new Error(`${service} is unreachable`);
        await pause(20);
      }
    },
    close: () => {
      for (const service of SERVICES) clients[service].close();
    },
  };
}

type Call = (request: object, options?: CallOptions) => Promise<unknown> & AsyncIterable<unknown>;

/** The same clients with a token on each call; the options of a call win. */
function as(clients: Caller, promised: Promise<string>): Caller {
  const withToken = async (options?: CallOptions) => ({ token: await promised, ...options });
  const wrapped = SERVICES.map((service) => {
    const calls = clients[service] as unknown as Record<string, Call>;
    const methods = descriptors[service].methods.map(({ localName, methodKind }) => {
      const call = calls[localName] as Call;
      if (methodKind !== "server_streaming") {
        const unary = async (request: object, options?: CallOptions) =>
          call(request, await withToken(options));
        return [localName, unary];
      }
      const stream = async function* (request: object, options?: CallOptions) {
        yield* call(request, await withToken(options));
      };
      return [localName, stream];
    });
    return [service, { ...Object.fromEntries(methods), close: () => {} }];
  });
  return Object.fromEntries(wrapped) as Caller;
}
