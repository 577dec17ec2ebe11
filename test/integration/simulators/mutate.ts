import type { Callback } from "./simulators.ts";

/**
 * A callback with one change that no verifier may accept: a byte of the body, a character of the
 * signature, or no signature. `index` chooses the place, so that a run covers many.
 */
export function mutate(
  { headers, body }: Callback,
  header: string,
  index: number,
): Pick<Callback, "headers" | "body"> {
  const signature = String(headers[header]);
  switch (index % 4) {
    case 0:
    case 1: {
      const changed = Buffer.from(body);
      const at = (index * 7_919) % body.length;
      changed[at] = (changed[at] as number) ^ (1 << (index % 3));
      return { headers, body: changed };
    }
    case 2:
      // Stripe's signature follows "v1="; the others are Base64.
      return { headers: { ...headers, [header]: signature.replace(/(v1=.|^.)(.)/, swap) }, body };
    default:
      return { headers: { ...headers, [header]: "" }, body };
  }
}

function swap(_: string, before: string, digit: string): string {
  return `${before}${digit === "0" ? "1" : "0"}`;
}
