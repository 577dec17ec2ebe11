import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Control, type Filter, type Mode, type Pipe, pipe } from "./pipe.ts";

/** The network between one program and one server: it does as told. */
export type EdgeProxy = {
  /** Whose connections these are, and to whom: names of the system's parts, such as "order1" and "goods2". */
  from: string;
  to: string;
  /** Where `from` finds `to`: host:port on loopback. It stays the same as long as the proxy lives. */
  address: string;
  /** From now on, for connections that are there, too. */
  set(mode: Mode): void;
  /** Looks at each packet, and says what becomes of it, on top of the mode; undefined: none. */
  filter(filter: Filter | undefined): void;
  /** Ends what is connected now with a reset; new connections work. */
  resetConnections(): void;
  /** As the network should be: no filter, and what was held goes on. */
  mend(): void;
  /** Packets so far, of both ways. */
  packets(): number;
  stop(): Promise<void>;
};

/** The URL with the host and port of this address, such as a proxy's. */
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
  /** The server's port on 127.0.0.1. */
  port: number;
  /** Where it is not there, as in a network namespace. */
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
  // It must not keep a program alive that is done.
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

/** One connection of a caller with its counterpart, which is opened as soon as no black hole is before it. */
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
    // A server that is not there: its host would refuse the connection.
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
