import { type Deployment, startDeployment } from "../../testbed/deployment/deployment.ts";
import type { Engines } from "../../testbed/engines/engines.ts";
import { DIRECTORIES } from "../engines.ts";
import { countingEnv, readCounts } from "../measure/counts.ts";
import type { Catalog, Running } from "../target.ts";
import { insertCatalog } from "./insert-catalog.ts";

/** The shop as a target: a deployment with the catalogue, whose services count their calls. */
export type RunningShop = Deployment & Running;

/** Starts the shop; `paying` adds the gateway and the sandbox provider. */
export async function startShop(
  engines: Engines,
  catalog: Catalog,
  options: { replicas?: number; paying?: boolean } = {},
): Promise<RunningShop> {
  const deployment = await startDeployment(engines, {
    ...options,
    directoryKind: DIRECTORIES,
    envOf: ({ directory, name }) => countingEnv(directory, name),
  });
  try {
    await insertCatalog(deployment.sql, catalog);
  } catch (error) {
    await deployment.stop();
    throw error;
  }
  const { addresses, directory, processes } = deployment;
  const services = () =>
    processes().filter(({ program }) => program !== "gateway" && program !== "sandbox");
  return {
    ...deployment,
    orderAddress: addresses.order,
    calls: () => readCounts(directory, services()),
  };
}
