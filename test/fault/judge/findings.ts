/** Contradictions of what the clients were answered, one line each. */
export type Findings = {
  /** An OK answer without its effect. */
  lost: string[];
  /** An effect that happened twice. */
  doubled: string[];
  /** A refused operation that had an effect. */
  refusedWithEffect: string[];
  /** Answers that contradict each other. */
  contradicted: string[];
};

export function noFindings(): Findings {
  return { lost: [], doubled: [], refusedWithEffect: [], contradicted: [] };
}
