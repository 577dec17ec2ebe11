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

/** The five services as one caller sees them. */
export type Caller = { [S in ServiceName]: Client<(typeof descriptors)[S]> };

export type Callers = {
  admin: Caller;
  anonymous: Caller;
  user(id: bigint): Caller;
  /** Another service of the shop, such as "order". */
  service(name: string): Caller;
  /** Whoever holds this token, which need not be a good one. */
  bearer(token: string): Caller;
  /** Resolves when the connection to a service works; after a failure gRPC waits before it tries again. */
  untilReachable(service: ServiceName): Promise<void>;
  close(): void;
};

const timeoutMs = 15_000;
/** Longer than any run, also for a service whose clock is hours ahead. */
const ttlSeconds = 86_400;

/** A token as the services of the tests take it: signed with the development keys. */
export function token(role: Role, subject: string, validSeconds = ttlSeconds): Promise<string> {
  const keys = readSettings({}, (read) => tokenSettings(read, false));
  return signToken(keys, { role, subject, ttlSeconds: validSeconds });
}

/** Clients over one connection to each service. A refusal is thrown as Refusal, anything else as Outage. */
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
      // An anonymous call of the first method with nothing in it is refused, and so has no effect.
      const refused = () =>
        first?.({}).then(
          () => true,
          (error) => error instanceof Refusal,
        );
      while (!(await refused())) {
        if (Date.now() > deadline) throw new Error(`${service} cannot be reached`);
        await pause(20);
      }
    },
    close: () => {
      for (const service of SERVICES) clients[service].close();
    },
  };
}

type Call = (request: object, options?: CallOptions) => Promise<unknown> & AsyncIterable<unknown>;

/** The same clients with a token put to each call; a call's own options win. */
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
