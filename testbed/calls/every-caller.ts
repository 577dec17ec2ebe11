import type { Shop } from "../shop/shop.ts";
import { bytesOf } from "./answers.ts";
import { token } from "./callers.ts";
import type { Method } from "./contract.ts";
import { type RawAnswer, type RawClient, type RawOptions, rawClient } from "./raw-call.ts";
import type { CallerKind } from "./valid-requests.ts";

/** Sends any request to any method as any kind of caller, without the shop's own client. */
export type EveryCaller = {
  send(
    method: Method,
    request: object | Uint8Array,
    as: CallerKind | RawOptions,
  ): Promise<RawAnswer>;
  close(): void;
};

/** `userId` is the caller of kind "user". */
export async function everyCaller(shop: Shop, userId: bigint): Promise<EveryCaller> {
  const clients: Record<string, RawClient> = Object.fromEntries(
    Object.entries(shop.addresses).map(([service, address]) => [service, rawClient(address)]),
  );
  const tokens: Record<CallerKind, string | undefined> = {
    anonymous: undefined,
    user: await token("user", String(userId)),
    admin: await token("admin", "tester"),
    service: await token("service", "order"),
  };
  return {
    send(method, request, as) {
      const client = clients[method.service] as RawClient;
      const way = method.desc.methodKind === "server_streaming" ? client.stream : client.unary;
      const bytes = request instanceof Uint8Array ? request : bytesOf(method, request);
      return way(method.path, bytes, typeof as === "string" ? { token: tokens[as] } : as);
    },
    close() {
      for (const client of Object.values(clients)) client.close();
    },
  };
}
