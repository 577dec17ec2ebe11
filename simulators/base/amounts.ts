/** "12.34" for 1234 fen. */
export function yuan(fen: bigint): string {
  const sign = fen < 0n ? "-" : "";
  const absolute = fen < 0n ? -fen : fen;
  return `${sign}${absolute / 100n}.${String(absolute % 100n).padStart(2, "0")}`;
}

/** Fen of "12", "12.3" or "12.34"; undefined for any other text. */
export function fenOf(text: string): bigint | undefined {
  const match = /^(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  return BigInt(match[1] as string) * 100n + BigInt((match[2] ?? "").padEnd(2, "0"));
}

/** A share of an amount in ten-thousandths, rounded half up. */
export function share(amount: bigint, tenThousandths: bigint): bigint {
  return (amount * tenThousandths + 5_000n) / 10_000n;
}
