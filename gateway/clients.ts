import type { IncomingMessage, ServerResponse } from "node:http";
import proxyAddress from "proxy-addr";
import { MAX_REQUESTS, MAX_UNREAD_BYTES } from "./limits.ts";
import { networkOf } from "./networks.ts";
import { type Shares, sharesOfNetworks } from "./shares.ts";

/** Where a request comes from. */
export type Client = {
  /** The client's own network, behind any trusted proxies. */
  network: string;
  isProxied: boolean;
};

export type Clients = {
  /** Undefined if the client has left. */
  of(request: IncomingMessage): Client | undefined;
  /**
   * Counts a request until its answer has ended. False if the network has too many of them, or too
   * many bytes of answers that it has not read: the request is not counted then.
   */
  begin(network: string, response: ServerResponse): boolean;
  /** Bytes of answers that have not been read. */
  unread: Shares;
};

export function createClients(options: {
  /** Whether the address is a trusted proxy. `n` is its hop, from 0. */
  trusts: (address: string, n: number) => boolean;
  /** Percent of each limit that one network may hold. */
  networkShare: number;
}): Clients {
  const { trusts, networkShare } = options;
  const requests = sharesOfNetworks(MAX_REQUESTS, networkShare);
  const unread = sharesOfNetworks(MAX_UNREAD_BYTES, networkShare);
  return {
    unread,
    of(request) {
      const { remoteAddress } = request.socket;
      if (remoteAddress === undefined) return undefined;
      const isProxied = trusts(remoteAddress, 0);
      const address = isProxied ? proxyAddress(request, trusts) : remoteAddress;
      return { network: networkOf(address), isProxied };
    },
    begin(network, response) {
      if (requests.room(network) !== "room" || unread.room(network) !== "room") return false;
      requests.take(network);
      response.once("close", () => requests.give(network));
      return true;
    },
  };
}
