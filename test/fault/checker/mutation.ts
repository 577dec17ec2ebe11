import type { ServiceName } from "#proto/services.ts";
import type { Edit } from "./edits.ts";
import type { ScenarioName } from "./scenarios.ts";

type Common = {
  /** The name in the table, such as "a-cent-more-to-pay". */
  name: string;
  /** The defect, in words. */
  what: string;
  /** The violation that the judge must find. */
  caughtBy: RegExp;
};

/** A service that runs with changed code. */
export type CodeMutation = Common & {
  service: ServiceName;
  edits: Edit[];
  /** The scenario that makes the defect visible. */
  scenario: ScenarioName;
  /** True for a defect that never becomes quiet, so that the judge does not wait. */
  neverQuiet?: true;
};

/** Data that are changed by hand. */
export type DataMutation = Common & {
  /** The tables that are changed, and restored afterwards. */
  tables: [ServiceName, table: string][];
  change: [ServiceName, sql: string][];
  /** A statement in the provider's store, and the one that undoes it. */
  provider?: { change: string; undo: string };
};
