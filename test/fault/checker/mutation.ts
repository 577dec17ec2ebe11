import type { ServiceName } from "#proto/services.ts";
import type { Edit } from "./edits.ts";
import type { ScenarioName } from "./scenarios.ts";

type Common = {
  /** For the table, as short as "a-cent-more-to-pay". */
  name: string;
  /** What is broken. */
  what: string;
  /** The finding that must be among those of the judge. */
  caughtBy: RegExp;
};

/** A service that runs with other code. */
export type CodeMutation = Common & {
  service: ServiceName;
  edits: Edit[];
  /** What makes it visible. */
  scenario: ScenarioName;
  /** It goes on moving for ever, so that nobody waits for it. */
  neverQuiet?: true;
};

/** Data that somebody changed by hand. */
export type DataMutation = Common & {
  /** What is changed, and put back afterwards. */
  tables: [ServiceName, table: string][];
  change: [ServiceName, sql: string][];
  /** A statement in the platform's store, and the one that undoes it. */
  platform?: { change: string; undo: string };
};
