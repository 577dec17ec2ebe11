import { startProxy, urlAt } from "./proxy.ts";

export type TcpProxy = {
  /** The target's URL with the proxy's host and port in it. */
  url: string;
  /** Resets every connection and every new one, as if the server had died. */
  cut(): Promise<void>;
  /** Keeps the connections and passes nothing on, as if the server had frozen. */
  freeze(): void;
  /** Passes everything again, including what was held meanwhile. */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

/** A proxy in front of the server of a URL with a port, such as mysql://root@127.0.0.1:3306. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const proxy = await startProxy({ from: "test", to: target, host: hostname, port: Number(port) });
  return {
    url: urlAt(target, proxy.address),
    cut: async () => proxy.set({ kind: "reset" }),
    freeze: () => proxy.set({ kind: "hole" }),
    mend: async () => proxy.mend(),
    stop: () => proxy.stop(),
  };
}
