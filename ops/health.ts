// The health check of a container. `node ops/health.ts PORT` ends with 0 when the service on that port says SERVING, by
// the same protocol that Kubernetes and load balancers use; with http://host:port instead, when GET /healthz is well.

import { readFileSync } from "node:fs";
import { Client, credentials } from "@grpc/grpc-js";

const withinMs = 3_000;
/** HealthCheckResponse with status = SERVING, as bytes: field 1, value 1. */
const serving = Buffer.from([0x08, 0x01]);
const identity = (bytes: Buffer) => bytes;

const target = process.argv[2] ?? "";
if (target.startsWith("http://")) await askHttp();
else askRpc();

async function askHttp(): Promise<void> {
  const answer = await fetch(`${target}/healthz`, { signal: AbortSignal.timeout(withinMs) });
  process.exitCode = answer.ok ? 0 : 1;
}

function askRpc(): void {
  const { SHOP_TLS_CA_FILE: ca, SHOP_TLS_KEY_FILE: key, SHOP_TLS_CERT_FILE: cert } = process.env;
  const secure = cert !== undefined && cert !== "";
  const channel = secure
    ? // It speaks to itself, by a name that no certificate needs to have.
      credentials.createSsl(read(ca), read(key), read(cert), {
        checkServerIdentity: () => undefined,
      })
    : credentials.createInsecure();
  const client = new Client(`localhost:${target}`, channel);
  client.makeUnaryRequest(
    "/grpc.health.v1.Health/Check",
    identity,
    identity,
    Buffer.alloc(0),
    { deadline: Date.now() + withinMs },
    (error, answer) => {
      client.close();
      if (error !== null) console.error(error.message);
      process.exitCode = error === null && answer?.equals(serving) === true ? 0 : 1;
    },
  );
}

function read(path: string | undefined): Buffer | null {
  return path === undefined || path === "" ? null : readFileSync(path);
}
