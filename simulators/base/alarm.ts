type Alarm = {
  /** Rings after this time, or earlier if it was set to an earlier time. */
  ringIn(ms: number): void;
  /** Cancels a set alarm. */
  stop(): void;
};

/** Node limits a timer to 24 days. Ringing early is harmless: the callee checks the time. */
const LONGEST_MS = 60_000;

export function alarm(ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let ringsAtMs = 0;
  return {
    ringIn(ms) {
      const atMs = Date.now() + Math.min(Math.max(ms, 1), LONGEST_MS);
      if (timer && ringsAtMs <= atMs) return;
      clearTimeout(timer);
      ringsAtMs = atMs;
      timer = setTimeout(() => {
        timer = undefined;
        ring();
      }, atMs - Date.now());
    },
    stop: () => clearTimeout(timer),
  };
}
