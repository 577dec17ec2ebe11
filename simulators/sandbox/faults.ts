import { FAKES, type Fake } from "./fakes.ts";
import { MAX_COPIES } from "./limits.ts";

/** What the platform does wrong, until it is told otherwise or ends. */
export type Faults = {
  /** Each callback is sent so many times more, at the same moment. */
  duplicate: number;
  /** The first attempt of callbacks of new payments is so much later. */
  delay_ms: number;
  /** Callbacks are held until so many wait, or for a second, then sent one by one, the latest first. 0: off. */
  reorder: number;
  /** Sent before each callback, as if by somebody else. */
  forge: Fake[];
  /** Sent instead of each callback. */
  tamper: Fake | "off";
  /** So many callbacks from now on are lost on their way. */
  drop: number;
  /** Answers of the API come so much later, after their effect. */
  slow_ms: number;
  /** So many answers of the API from now on are lost, after their effect. */
  lose_answers: number;
  /** Nothing is answered, no callback is sent. */
  down: boolean;
  /** Each new refund fails. */
  refuse_refunds: boolean;
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
};

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

/** The faults that the object names; the others are off. A string says what is wrong with it. */
export function parseFaults(value: unknown): Faults | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "not an object";
  const faults = noFaults();
  for (const [name, wanted] of Object.entries(value)) {
    if (!Object.hasOwn(NONE, name)) return `there is no fault ${JSON.stringify(name)}`;
    if (!fits(name as keyof Faults, wanted)) return `${name} is not one of its values`;
    Object.assign(faults, { [name]: wanted });
  }
  return faults;
}

function fits(name: keyof Faults, wanted: unknown): boolean {
  switch (name) {
    case "down":
    case "refuse_refunds":
      return typeof wanted === "boolean";
    case "forge":
      return Array.isArray(wanted) && wanted.length <= FAKES.length && wanted.every(isFake);
    case "tamper":
      return wanted === "off" || isFake(wanted);
    default:
      return (
        Number.isInteger(wanted) && (wanted as number) >= 0 && (wanted as number) <= MOST[name]
      );
  }
}

export function isFake(value: unknown): value is Fake {
  return FAKES.some((kind) => kind === value);
}
