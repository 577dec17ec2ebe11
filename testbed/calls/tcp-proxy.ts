import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type TcpProxy = {
  /** The given address with the proxy's host and port in it. */
  url: string;
  /** Ends every connection and takes no new one, as if the server had died. */
  cut(): Promise<void>;
  /** Keeps the connections and passes nothing on, as if the server had frozen. */
  freeze(): void;
  /** As before. */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

/** Stands between a program and the server of `target`, such as mysql://root@127.0.0.1:3306. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      if (frozen) from.pause();
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = (at: number) =>
    new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(own);
  const cut = () =>
    new Promise<void>((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
      for (const socket of sockets) socket.destroy();
    });
  return {
    url: url.href,
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    async mend() {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(own);
    },
    stop: cut,
  };
}
