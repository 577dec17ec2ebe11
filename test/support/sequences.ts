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
