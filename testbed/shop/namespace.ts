import { randomBytes } from "node:crypto";
import type { Schemas } from "./schemas.ts";
import { deleteStreams } from "./streams.ts";

/** A namespace that no other shop on the same engines has. */
export function newNamespace(): string {
  return `t${randomBytes(5).toString("hex")}`;
}

/**
 * Drops the schemas of a namespace, closes them, and deletes its streams; at the suite's broker
 * unless another is named.
 */
export async function removeNamespace(
  namespace: string,
  { schemas, natsUrl }: { schemas: Schemas; natsUrl?: string },
): Promise<void> {
  try {
    await schemas.drop();
  } finally {
    await schemas.close();
  }
  await deleteStreams(namespace, natsUrl);
}
