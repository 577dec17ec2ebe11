import { FAKES, type Fake } from "./fakes.ts";
import { MAX_COPIES } from "./limits.ts";

/** The faults of the sandbox. They last until they are cleared or the sandbox restarts. */
export type Faults = {
  /** Extra copies of each callback, sent at the same moment. */
  duplicate: number;
  /** Delays the first callback of payments made from now on. */
  delay_ms: number;
  /**
   * Holds callbacks until this many wait, for HOLD_MS at most, then sends them one by one, the
   * newest first. 0 or 1: off.
   */
  reorder: number;
  /** Fakes to send before each callback. */
  forge: Fake[];
  /** The fake to send instead of each callback. */
  tamper: Fake | "off";
  /** The next callbacks that are lost. */
  drop: number;
  /** Delays each answer of the API, after its effect. */
  slow_ms: number;
  /** The next answers of the API that are lost, after their effect. */
  lose_answers: number;
  /** Answers nothing and sends no callback. */
  down: boolean;
  /** Fails each new refund. */
  refuse_refunds: boolean;
  /** Accepts each new refund, and leaves it pending until the control interface decides it. */
  pend_refunds: boolean;
};

const NONE: Faults = {
  duplicate: 0,
  delay_ms: 0,
  reorder: 0,
  forge: [],
  tamper: "off",
  drop: 0,
  slow_ms: 0,
  lose_answers: 0,
  down: false,
  refuse_refunds: false,
  pend_refunds: false,
};

/** The largest value of each fault that is a number. */
const MOST = {
  duplicate: MAX_COPIES,
  delay_ms: 3_600_000,
  reorder: 1_000,
  drop: 1_000_000,
  slow_ms: 120_000,
  lose_answers: 1_000_000,
};

export function noFaults(): Faults {
  return { ...NONE, forge: [] };
}

/** The faults in the object, with all others off; or a string that says what is wrong with it. */
export function parseFaults(value: unknown): Faults | string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "body must be a JSON object";
  const faults = noFaults();
  for (const [name, setting] of Object.entries(value)) {
    if (!Object.hasOwn(NONE, name)) return `fault ${JSON.stringify(name)} does not exist`;
    if (!fits(name as keyof Faults, setting)) return `${name} does not accept this value`;
    Object.assign(faults, { [name]: setting });
  }
  return faults;
}

function fits(name: keyof Faults, setting: unknown): boolean {
  switch (name) {
    case "down":
    case "refuse_refunds":
    case "pend_refunds":
      return typeof setting === "boolean";
    case "forge":
      return Array.isArray(setting) && setting.length <= FAKES.length && setting.every(isFake);
    case "tamper":
      return setting === "off" || isFake(setting);
    default:
      return (
        Number.isInteger(setting) && (setting as number) >= 0 && (setting as number) <= MOST[name]
      );
  }
}

export function isFake(value: unknown): value is Fake {
  return FAKES.some((kind) => kind === value);
}
