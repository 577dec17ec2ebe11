/** One figure of the file, and the same figure of the shop. */
export type Compared<T> = { same: boolean; expected: T; found: T };

const MAX_DIFFERENCES = 20;

export function compared<T>(expected: T, found: T): Compared<T> {
  return { same: expected === found, expected, found };
}

/** Whether every figure is the same. */
export function allSame(figures: Readonly<Record<string, { same: boolean }>>): boolean {
  return Object.values(figures).every(({ same }) => same);
}

export function customerName(customerId: string): string {
  return customerId === "" ? "the guests" : `customer ${customerId}`;
}

/** The first differences, and how many more there are. */
export function shorten(differences: readonly string[]): string[] {
  const more = differences.length - MAX_DIFFERENCES;
  if (more <= 0) return [...differences];
  return [...differences.slice(0, MAX_DIFFERENCES), `and ${more} more`];
}
