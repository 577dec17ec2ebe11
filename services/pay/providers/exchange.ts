import { Outage } from "#platform/values/refusal.ts";
import { MAX_PROVIDER_ANSWER_BYTES, PROVIDER_TIMEOUT_MS } from "../limits.ts";

/**
 * Sends one request to a provider; with a body it is a POST. Follows no redirect. Throws an Outage
 * unless the whole answer arrives within PROVIDER_TIMEOUT_MS and MAX_PROVIDER_ANSWER_BYTES.
 */
export async function exchange(
  url: URL,
  { headers, body }: { headers: Record<string, string>; body?: string | undefined },
): Promise<{ status: number; body: Uint8Array }> {
  try {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers,
      ...(body !== undefined && { body }),
      redirect: "error",
      signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
    });
    return { status: response.status, body: await readBounded(response) };
  } catch (cause) {
    if (cause instanceof Outage) throw cause;
    throw new Outage(`provider ${url.origin} does not answer`, { cause });
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_PROVIDER_ANSWER_BYTES) {
      const { origin } = new URL(response.url);
      throw new Outage(
        `provider ${origin} sent an answer of more than ${MAX_PROVIDER_ANSWER_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
