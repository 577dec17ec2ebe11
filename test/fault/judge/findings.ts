/** What contradicts what the clients were told: a line for each. */
export type Findings = {
  /** An OK whose effect is not there, or was contradicted. */
  lost: string[];
  /** An effect twice. */
  doubled: string[];
  /** A refusal that had an effect all the same. */
  refusedWithEffect: string[];
  /** Other answers that contradict each other. */
  contradicted: string[];
};

export function noFindings(): Findings {
  return { lost: [], doubled: [], refusedWithEffect: [], contradicted: [] };
}
