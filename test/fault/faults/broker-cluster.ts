import type { Fault } from "../fault.ts";
import type { Topology } from "../system/system.ts";

const topology: Topology = { broker: "cluster3" };

export const killLeader: Fault = {
  name: "cluster-kill",
  catalogue: ["F46"],
  what: "tries the cluster",
  needs: ["namespaces"],
  topology,
  async inject({ system, log }) {
    const [node] = system.brokers.nodes;
    log(`kills ${node?.name}`);
    await node?.kill();
    return () => node?.start() as Promise<void>;
  },
};
