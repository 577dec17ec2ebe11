import { Outage } from "#platform/values/refusal.ts";
import { MAX_PROVIDER_ANSWER_BYTES, PROVIDER_TIMEOUT_MS } from "../limits.ts";

type Request = {
  /** @default POST with a body, else GET */
  method?: "GET" | "POST" | "DELETE";
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** Time for the whole answer. @default PROVIDER_TIMEOUT_MS */
  timeoutMs?: number;
  /** Bytes in the answer. @default MAX_PROVIDER_ANSWER_BYTES */
  maxBytes?: number;
};

/** The answer of a provider, byte for byte. */
export type ProviderAnswer = {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
};

/**
 * Sends one request to a provider. Follows no redirect. Throws an Outage unless the whole answer
 * arrives in time and within its bounds.
 */
export async function exchange(url: URL, request: Request): Promise<ProviderAnswer> {
  const { headers, body, timeoutMs = PROVIDER_TIMEOUT_MS } = request;
  try {
    const response = await fetch(url, {
      method: request.method ?? (body === undefined ? "GET" : "POST"),
      headers,
      ...(body !== undefined && { body }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await readBounded(response, request.maxBytes ?? MAX_PROVIDER_ANSWER_BYTES),
    };
  } catch (cause) {
    if (cause instanceof Outage) throw cause;
    throw new Outage(`provider ${url.origin} does not answer`, { cause });
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) {
      const { origin } = new URL(response.url);
      throw new Outage(`provider ${origin} sent an answer of more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
