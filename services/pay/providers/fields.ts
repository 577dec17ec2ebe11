import { MAX_CENTS, MAX_IDENTIFIER } from "#platform/values/amounts.ts";

// Messages of providers are untrusted input: a value of another form is refused, never converted.

export type Fields = Readonly<Record<string, unknown>>;

/** Characters that are safe in rows, addresses and logs. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * The object in a JSON text, whose numbers become their source text: no digit is lost. Undefined
 * for anything else.
 */
export function parseObject(content: string | Uint8Array): Fields | undefined {
  try {
    const text =
      typeof content === "string"
        ? content
        : new TextDecoder("utf-8", { fatal: true }).decode(content);
    const value: unknown = JSON.parse(text, (_, entry, context?: { source?: string }) =>
      typeof entry === "number" ? context?.source : entry,
    );
    return objectOf(value);
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

/** A number of the provider. `max`: its characters, at most as many as a column has. */
export function tokenOf(value: unknown, max = 255): string | undefined {
  return typeof value === "string" && value.length <= max && TOKEN.test(value) ? value : undefined;
}

/** An identifier of the shop, in decimal digits. */
export function identifierOf(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^[1-9]\d{0,18}$/.test(value)) return undefined;
  const id = BigInt(value);
  return id <= MAX_IDENTIFIER ? id : undefined;
}

/** An amount of minor units, in decimal digits. */
export function minorUnitsOf(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^(0|[1-9]\d{0,15})$/.test(value)) return undefined;
  const amount = BigInt(value);
  return amount <= MAX_CENTS ? amount : undefined;
}

/** The provider's words in a cause for people: one line of bounded length. */
export function wordsOf(...values: unknown[]): string {
  const words = values.filter((value) => typeof value === "string" && value !== "").join(" ");
  return words.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200);
}

/** The parts of a number under which a refund was asked for: "7", or "7-2" for the second try. */
export function refundNumberOf(value: unknown): { refundId: bigint; attempt: number } | undefined {
  if (typeof value !== "string") return undefined;
  const [, id, attempt = "1"] = /^(\d+)(?:[-_]([1-9]\d{0,3}))?$/.exec(value) ?? [];
  const refundId = identifierOf(id);
  return refundId === undefined ? undefined : { refundId, attempt: Number(attempt) };
}
