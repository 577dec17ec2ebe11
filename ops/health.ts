// The health check of a container: `node ops/health.ts PORT` exits with 0 if the service on that
// port answers SERVING, by the protocol that Kubernetes and load balancers use. With
// http://host:port instead of a port, it exits with 0 if GET /healthz succeeds.

import { createHealthClient } from "#platform/rpc/health-client.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { tlsSettings } from "#platform/settings/tls-settings.ts";

const TIMEOUT_MS = 3_000;

const target = process.argv[2] ?? "";
const isHealthy = target.startsWith("http://") ? await checkHttp() : await checkRpc();
process.exitCode = isHealthy ? 0 : 1;

async function checkHttp(): Promise<boolean> {
  const answer = await fetch(`${target}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return answer.ok;
}

async function checkRpc(): Promise<boolean> {
  const client = createHealthClient({
    address: `localhost:${target}`,
    tls: readSettings(process.env, (read) => {
      return tlsSettings(read, { production: false, serves: false });
    }),
    // The container calls itself, by a name that no certificate needs to have.
    verifyServerName: false,
  });
  const state = await client.check(TIMEOUT_MS);
  client.close();
  if (state !== "SERVING") console.error(`the service on port ${target} is ${state}`);
  return state === "SERVING";
}
