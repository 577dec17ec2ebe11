// `npm run token`: prints a signed token.

import { type Role, signToken } from "#platform/rpc/tokens.ts";
import { isProduction } from "#platform/settings/service-settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { ExitCode, runCommand, UsageError } from "./command/command.ts";
import { isIdentifier } from "./command/options.ts";
import { commandSettings } from "./command/settings.ts";

const ROLES: readonly Role[] = ["admin", "user", "service"];
const DEFAULT_NAME = "operator";
const DEFAULT_MINUTES = "60";
const MAX_MINUTES = 24 * 60;

await runCommand({
  name: "token",
  summary: "Prints a token, signed with the keys of the settings.",
  options: {
    role: { type: "string", value: "ROLE", help: `whom the token stands for: ${ROLES.join(", ")}` },
    user: { type: "string", value: "ID", help: "the user of a token of role user" },
    name: {
      type: "string",
      value: "NAME",
      help: `the administrator or service, as histories record it (default ${DEFAULT_NAME})`,
    },
    minutes: {
      type: "string",
      value: "N",
      help: `how long the token is valid (default ${DEFAULT_MINUTES}, at most ${MAX_MINUTES})`,
    },
  },
  notes: [
    "Settings: SHOP_TOKEN_PRIVATE_KEY; for role service SHOP_SERVICE_PRIVATE_KEY.",
    'Example: curl -H "authorization: Bearer $(npm run --silent token -- --role admin)" ...',
  ],
  async run({ values }) {
    const role = ROLES.find((candidate) => candidate === values.role);
    if (!role) throw new UsageError(`--role must be one of ${ROLES.join(", ")}`);
    const subject = role === "user" ? userOption(values.user) : nameOption(values.name);
    const ttlSeconds = Math.ceil(minutesOption(values.minutes) * 60);
    const keys = commandSettings((read) => tokenSettings(read, isProduction(read)));
    console.log(await signToken(keys, { role, subject, ttlSeconds }));
    return ExitCode.DONE;
  },
});

function userOption(user = ""): string {
  if (isIdentifier(user)) return user;
  throw new UsageError("--role user needs the identifier of a user in --user");
}

function nameOption(name = DEFAULT_NAME): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return name;
  throw new UsageError(
    `--name must be 1 to 32 small letters, digits and hyphens, a letter first, not "${name}"`,
  );
}

function minutesOption(text = DEFAULT_MINUTES): number {
  // Fractions are for tests of expiry. "1e3", "0x10" and " 5" are not what anyone means to write.
  const minutes = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (minutes > 0 && minutes <= MAX_MINUTES) return minutes;
  throw new UsageError(`--minutes must be above 0 and at most ${MAX_MINUTES}, not "${text}"`);
}
