import type { PrivateServer } from "../../local/engines/private-server.ts";
import type { Network } from "./network.ts";

/** A database or a broker of the system, which a fault may damage in any way. */
export type Engine = {
  /** Its name in edges: "database", "broker1" ... */
  name: string;
  /** Reaches the engine past all proxies. */
  url: string;
  host: string;
  port: number;
  /** Holds all files of the engine; may be a mount of its own. */
  dataDirectory: string;
  /** Where a broker keeps its streams; undefined for a database. */
  storeDirectory: string | undefined;
  /**
   * Put before the server's command from the next start on, such as `env LD_PRELOAD=...` or `ip
   * netns exec NAME`. The last program must become the server by exec, so that signals reach it.
   */
  prefix: string[];
  /** Ends it by SIGKILL; it stays down until `start`. */
  kill(): Promise<void>;
  /** Stops it by SIGTERM and waits. */
  stop(): Promise<void>;
  /** Resolves when a login works. Does nothing when the engine is running. */
  start(): Promise<void>;
  /** Sends a signal such as SIGSTOP. Does nothing when the engine is not running. */
  signal(name: NodeJS.Signals): void;
  pid(): number | undefined;
};

export type EngineOptions = { name: string; dataDirectory: string; log: (line: string) => void };

export type Brokers = {
  nodes: Engine[];
  /** Copies of each stream. */
  replicas: number;
  /** The network between the nodes of a cluster. */
  network?: Network;
  stop(): Promise<void>;
};

/** Completes an engine with what can be done to its server. */
export function engineOf<E extends Omit<Engine, "kill" | "stop" | "start" | "signal" | "pid">>(
  engine: E,
  server: PrivateServer,
): Engine {
  return Object.assign(engine, {
    kill: () => server.kill(),
    stop: () => server.stop(),
    start: () => server.start(),
    signal: (name: NodeJS.Signals) => {
      const pid = server.pid();
      if (pid !== undefined) process.kill(pid, name);
    },
    pid: () => server.pid(),
  });
}
