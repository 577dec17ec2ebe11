import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Control, type Filter, type Mode, type Pipe, pipe } from "./pipe.ts";

/** The network between one program and one server, which can be made to fail. */
export type EdgeProxy = {
  /** The ends of the connections, by name: "order1" and "goods2". */
  from: string;
  to: string;
  /** The host and port at which `from` reaches `to`; constant for the life of the proxy. */
  address: string;
  /** Takes effect at once, for existing connections, too. */
  set(mode: Mode): void;
  /** Decides about each packet, in addition to the mode. Undefined removes the filter. */
  filter(filter: Filter | undefined): void;
  /** Resets the existing connections; new ones work. */
  resetConnections(): void;
  /** Repairs the network: removes the filter, and sends what was held. */
  mend(): void;
  /** The number of packets so far, of both ways. */
  packets(): number;
  stop(): Promise<void>;
};

/** The URL with the host and port of another address, such as a proxy's. */
export function urlAt(url: string, address: string): string {
  const changed = new URL(url);
  const [host = "", port = ""] = address.split(":");
  changed.hostname = host;
  changed.port = port;
  return changed.href;
}

type Link = { reset(): void; pump(): void };

export async function startProxy(edge: {
  from: string;
  to: string;
  /** The port of the server. */
  port: number;
  /** The host of the server, such as one in a network namespace. @default "127.0.0.1" */
  host?: string;
}): Promise<EdgeProxy> {
  const { from, to, port, host = "127.0.0.1" } = edge;
  const links = new Set<Link>();
  let mode: Mode = { kind: "pass" };
  let filter: Filter | undefined;
  let packets = 0;
  let connections = 0;

  function accept(client: Socket): void {
    if (mode.kind === "reset") {
      client.on("error", () => {});
      return void client.resetAndDestroy();
    }
    connections += 1;
    const link = join(client, {
      connection: connections,
      connectTo: () => connect({ port, host, allowHalfOpen: true }),
      modeNow: () => mode,
      decide: (packet) => {
        packets += 1;
        return filter?.({ ...packet, number: packets }) ?? "pass";
      },
      ended: () => links.delete(link),
    });
    links.add(link);
    link.pump();
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The proxy does not keep a finished program alive.
  server.unref();
  const own = (server.address() as AddressInfo).port;
  const resetConnections = () => {
    for (const link of links) link.reset();
  };
  const set = (next: Mode) => {
    mode = next;
    if (mode.kind === "reset") resetConnections();
    for (const link of links) link.pump();
  };
  return {
    from,
    to,
    address: `127.0.0.1:${own}`,
    set,
    filter: (next) => {
      filter = next;
    },
    resetConnections,
    mend() {
      filter = undefined;
      set({ kind: "pass" });
    },
    packets: () => packets,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        resetConnections();
      }),
  };
}

type Joining = {
  connection: number;
  connectTo: () => Socket;
  modeNow: () => Mode;
  decide: Control["decide"];
  ended: () => void;
};

/**
 * Joins a caller's connection to one to the server, which is opened once no black hole prevents it.
 */
function join(client: Socket, joining: Joining): Link {
  const { connection, connectTo, modeNow, decide, ended } = joining;
  let upstream: Socket | undefined;
  let pipes: Pipe[] = [];
  const reset = () => {
    client.resetAndDestroy();
    upstream?.resetAndDestroy();
    ended();
  };
  const control: Control = {
    get mode() {
      return modeNow();
    },
    decide,
    reset,
  };
  client.setNoDelay(true);
  client.on("error", () => {});
  client.on("close", () => {
    if (!upstream || upstream.destroyed) ended();
  });

  function open(): void {
    if (client.destroyed) {
      ended();
      return;
    }
    const opened = connectTo();
    upstream = opened;
    opened.setNoDelay(true);
    // The server refuses connections, and so does the proxy.
    opened.on("error", () => {
      if (opened.bytesRead === 0) client.resetAndDestroy();
    });
    opened.on("close", () => {
      if (client.destroyed) ended();
    });
    const both = { connection, control };
    pipes = [
      pipe({ ...both, from: client, to: opened, way: "request" }),
      pipe({ ...both, from: opened, to: client, way: "reply" }),
    ];
  }

  return {
    reset,
    pump() {
      const mode = modeNow();
      const unreachable = mode.kind === "hole" && mode.way !== "reply";
      if (!upstream && !unreachable) open();
      for (const each of pipes) each.pump();
    },
  };
}
