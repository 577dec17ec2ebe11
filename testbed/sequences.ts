/** Every sequence of 1 to `longest` of these steps, repetitions included. */
export function sequences<T>(steps: readonly T[], longest: number): T[][] {
  let last: T[][] = [[]];
  const all: T[][] = [];
  for (let length = 1; length <= longest; length += 1) {
    last = last.flatMap((sequence) => steps.map((step) => [...sequence, step]));
    all.push(...last);
  }
  return all;
}

/** Every order of these steps that looks different: equal steps are not told apart. */
function orders<T>(steps: readonly T[]): T[][] {
  if (steps.length === 0) return [[]];
  return [...new Set(steps)].flatMap((first) => {
    const rest = steps.toSpliced(steps.indexOf(first), 1);
    return orders(rest).map((sequence) => [first, ...sequence]);
  });
}

/** Every sequence of up to five of these five or fewer steps, and every order of all of them with one repeated. */
export function walksOf<T>(steps: readonly T[]): T[][] {
  return [...sequences(steps, 5), ...steps.flatMap((again) => orders([...steps, again]))];
}
