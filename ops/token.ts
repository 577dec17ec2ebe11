import { parseArgs } from "node:util";
import { type Role, signToken } from "#platform/rpc/tokens.ts";
import { isProduction } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";

const USAGE = `Prints a token, signed with the keys of the settings.

  npm run token -- --role admin|user|service [--user ID] [--name NAME] [--minutes 60]

  --user     whom a user's token is for
  --name     the administrator or the service, for the histories (operator)
  --minutes  how long it is valid (60; a day at most)`;

const ROLES: Role[] = ["admin", "user", "service"];
const MAX_MINUTES = 24 * 60;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: "string" },
      user: { type: "string" },
      name: { type: "string", default: "operator" },
      minutes: { type: "string", default: "60" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const role = ROLES.find((candidate) => candidate === values.role);
  const minutes = Number(values.minutes);
  if (!role) throw new UsageError("--role must be admin, user or service");
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) {
    throw new UsageError(`--minutes must be above 0 and at most ${MAX_MINUTES}`);
  }
  if (role === "user" && !/^[1-9]\d{0,18}$/.test(values.user ?? "")) {
    throw new UsageError("--role user needs --user with the user's id");
  }
  const subject = role === "user" ? (values.user as string) : values.name;
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(subject) && role !== "user") {
    throw new UsageError("--name must be small letters, digits and hyphens");
  }
  const tokens = readSettings(process.env, (read) => tokenSettings(read, isProduction(read)));
  console.log(await signToken(tokens, { role, subject, ttlSeconds: Math.ceil(minutes * 60) }));
}

class UsageError extends Error {}

main().catch((error: Error) => {
  const usage = error instanceof UsageError || error instanceof TypeError;
  console.error(usage ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = usage || error instanceof SettingsError ? 2 : 1;
});
