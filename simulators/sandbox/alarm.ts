export type Alarm = {
  /** Rings after this time; sooner where it was set to sooner already. */
  ringIn(ms: number): void;
  stop(): void;
};

/** A timer must not be longer than 24 days; nothing is lost by ringing more often. */
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
