/** What the file says, and what the shop has. */
export type Verdict<T> = { same: boolean; expected: T; found: T };

const MAX_DIFFERENCES = 20;

export function verdict<T>(expected: T, found: T): Verdict<T> {
  return { same: expected === found, expected, found };
}

export function nameOf(customerId: string): string {
  return customerId === "" ? "the guests" : `customer ${customerId}`;
}

/** Cut after the first of many. */
export function shortened(differences: string[]): string[] {
  const more = differences.length - MAX_DIFFERENCES;
  if (more <= 0) return differences;
  return [...differences.slice(0, MAX_DIFFERENCES), `and ${more} more`];
}
