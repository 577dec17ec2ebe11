/** A reproducible source of random values: the same seed gives the same sequence. */
export type Random = {
  /** From 0 to below 1. */
  next(): number;
  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** At most `count` different elements, in random order. */
  some<T>(list: readonly T[], count: number): T[];
  /**
   * An independent source for a part of the run, so that what one part draws does not affect the
   * others.
   */
  fork(label: string | number): Random;
};

export function seeded(seed: string | number): Random {
  let state = hash(String(seed));
  // Mulberry32: good enough to scatter faults, and identical on every machine.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error("cannot pick from an empty list");
    return list[between(0, list.length - 1)] as T;
  };
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick,
    some(list, count) {
      const rest = [...list];
      const found: typeof rest = [];
      while (found.length < count && rest.length > 0) {
        found.push(...rest.splice(between(0, rest.length - 1), 1));
      }
      return found;
    },
    fork: (label) => seeded(`${seed}/${label}`),
  };
}

/** FNV-1a, a 32-bit hash of a text. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value | 0;
}
