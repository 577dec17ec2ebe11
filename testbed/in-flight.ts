/** Works on every element, in order, with at most `limit` under way; the first failure ends it. */
export async function forEachInFlight<T>(
  elements: readonly T[],
  limit: number,
  work: (element: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < elements.length && !failed) {
      const index = next++;
      try {
        await work(elements[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, elements.length) }, worker));
}
