/** Resolves like `work`, but rejects with the reason of the abort as soon as it comes. */
export async function unlessAborted<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(stopping.reason);
  stopping.addEventListener("abort", abort);
  try {
    stopping.throwIfAborted();
    return await Promise.race([work, aborted.promise]);
  } finally {
    stopping.removeEventListener("abort", abort);
    work.catch(() => {});
  }
}
