/** Every sequence of 1 to `longest` of these steps, with repetitions. */
export function sequences<T>(steps: readonly T[], longest: number): T[][] {
  let last: T[][] = [[]];
  const all: T[][] = [];
  for (let length = 1; length <= longest; length += 1) {
    last = last.flatMap((sequence) => steps.map((step) => [...sequence, step]));
    all.push(...last);
  }
  return all;
}

/** Every distinct permutation of these steps; equal steps are interchangeable. */
export function permutations<T>(steps: readonly T[]): T[][] {
  if (steps.length === 0) return [[]];
  return [...new Set(steps)].flatMap((first) => {
    const rest = steps.toSpliced(steps.indexOf(first), 1);
    return permutations(rest).map((sequence) => [first, ...sequence]);
  });
}

/**
 * Every sequence of up to five of at most five steps, and every permutation of all of them with one
 * step repeated.
 */
export function walksOf<T>(steps: readonly T[]): T[][] {
  return [...sequences(steps, 5), ...steps.flatMap((again) => permutations([...steps, again]))];
}
