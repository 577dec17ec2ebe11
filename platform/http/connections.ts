import type { Socket } from "node:net";

type Connection = {
  client: Client | undefined;
  /** Requests under way. A connection without any is idle. */
  requests: number;
};
/** The connections of one client. The sets are in the order in which they became idle. */
type Client = { key: string; count: number; idle: Set<Socket> };

export type ConnectionBounds = {
  /** Open connections of all clients, and of one. */
  max: number;
  maxPerClient: number;
  /**
   * Whose connection it is, by its address. Undefined for a proxy, which many clients share and
   * which only `max` bounds.
   */
  clientOf(address: string): string | undefined;
  /** Whether the client's connections are closed at once. @default never */
  isCutOff?(client: string): boolean;
  /** Called when a client with all its connections opens one more. */
  onCrowded?(client: string): void;
};

/**
 * Bounds the open connections of all clients together and of each. Where one more exceeds a bound,
 * the connection that has been idle the longest is closed: one of the same client if that client
 * has too many. If none is idle, the new one is closed.
 */
export class Connections {
  readonly #bounds: ConnectionBounds;
  readonly #open = new Map<Socket, Connection>();
  readonly #clients = new Map<string, Client>();
  readonly #idle = new Set<Socket>();

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#open.size;
  }

  /** False if there is no room, or if the client has left. The connection is then closed. */
  accept(socket: Socket): boolean {
    // Node remembers an address that was read once, also when the client has left.
    const address = socket.remoteAddress;
    const client = address === undefined ? undefined : this.#clientAt(address);
    const hasRoom =
      address !== undefined &&
      (!client || this.#hasPart(client)) &&
      (this.#open.size < this.#bounds.max || this.#closeOldest(this.#idle));
    if (!hasRoom) {
      socket.destroy();
      return false;
    }
    if (client) {
      client.count += 1;
      this.#clients.set(client.key, client);
    }
    this.#open.set(socket, { client, requests: 0 });
    this.#setIdle(socket, client);
    socket.once("close", () => this.#forget(socket));
    return true;
  }

  /** Counts a request of the connection. Call `end` once it is answered. */
  begin(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    connection.requests += 1;
    this.#idle.delete(socket);
    connection.client?.idle.delete(socket);
  }

  end(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    connection.requests -= 1;
    if (connection.requests === 0) this.#setIdle(socket, connection.client);
  }

  #hasPart(client: Client): boolean {
    if (this.#bounds.isCutOff?.(client.key)) return false;
    if (client.count < this.#bounds.maxPerClient) return true;
    this.#bounds.onCrowded?.(client.key);
    return this.#closeOldest(client.idle);
  }

  #clientAt(address: string): Client | undefined {
    const key = this.#bounds.clientOf(address);
    if (key === undefined) return undefined;
    return this.#clients.get(key) ?? { key, count: 0, idle: new Set() };
  }

  #setIdle(socket: Socket, client: Client | undefined): void {
    this.#idle.add(socket);
    client?.idle.add(socket);
  }

  #closeOldest(idle: ReadonlySet<Socket>): boolean {
    const [oldest] = idle;
    if (!oldest) return false;
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    const client = this.#open.get(socket)?.client;
    if (!this.#open.delete(socket)) return;
    this.#idle.delete(socket);
    if (!client) return;
    client.idle.delete(socket);
    client.count -= 1;
    if (client.count === 0) this.#clients.delete(client.key);
  }
}
