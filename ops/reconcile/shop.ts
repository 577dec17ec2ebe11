import { clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES } from "#proto/services.ts";
import { payConfig } from "../../services/pay/config.ts";
import { STATEMENTS } from "../../services/pay/providers/statements.ts";
import { CommandError, ExitCode } from "../command/command.ts";
import { schemasOf, withSnapshot } from "../command/database.ts";
import { commandEnv, commandSettings, mysqlUrl } from "../command/settings.ts";
import { providersOf } from "./our-rows.ts";
import {
  boundsOf,
  fetchStatement,
  type Reconciled,
  reconcile,
  type Statement,
  type Unseen,
} from "./reconcile.ts";

/** The statements of a day, and the providers that have none to look at. */
export type Fetched = { statements: Statement[]; unseen: Unseen[] };

/** Fetches the statements of the named provider, or of all that have settings. */
export async function fetchAll(day: string, name?: string): Promise<Fetched> {
  const { providers } = payConfig(commandEnv());
  if (name !== undefined && !providers.has(name)) {
    const message = `${name} has no settings here; set those of the pay service, or use --file`;
    throw new CommandError(message, { exitCode: ExitCode.CANNOT_RUN });
  }
  const wanted = [...providers.values()].filter((one) => name === undefined || one.name === name);
  const fetched: Fetched = { statements: [], unseen: [] };
  for (const provider of wanted) {
    const rows = await fetchStatement(provider, day);
    if (typeof rows === "string") fetched.unseen.push({ provider: provider.name, why: rows });
    else fetched.statements.push({ provider: provider.name, day, rows });
  }
  return fetched;
}

/**
 * Compares the statements with the shop. With `isWhole`, a provider that has payments of this day
 * and was not asked is unseen.
 */
export async function compareAll(
  day: string,
  { statements, unseen, isWhole }: Fetched & { isWhole: boolean },
): Promise<Fetched & { reconciled: Reconciled[] }> {
  const settings = commandSettings((read) => ({
    namespace: clientSettings(read, SERVICES).namespace,
    mysqlUrl: mysqlUrl(read),
  }));
  const { pay } = schemasOf(settings.namespace);
  return withSnapshot(settings.mysqlUrl, async (connection) => {
    const reconciled: Reconciled[] = [];
    for (const statement of statements) {
      reconciled.push(await reconcile({ connection, pay }, statement));
    }
    const asked = new Set([...statements, ...unseen].map(({ provider }) => provider));
    const others = isWhole ? [...STATEMENTS.keys()].filter((name) => !asked.has(name)) : [];
    const missed: Unseen[] = [];
    for (const name of others) {
      const has = await providersOf({ connection, pay }, boundsOf(name, day));
      if (has.includes(name)) missed.push({ provider: name, why: "it has no settings here" });
    }
    return { statements, reconciled, unseen: [...unseen, ...missed] };
  });
}
