import { clientSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";
import { audit } from "./audit/audit.ts";
import { openLook, schemasOf } from "./audit/database.ts";
import { type Options, readOptions, USAGE, UsageError } from "./audit/options.ts";
import { platformAt, platformFile } from "./audit/platform-source.ts";
import { reportText } from "./audit/report.ts";

/** Above SHOP_PORT_BASE, where the sandbox platform listens unless told otherwise. */
const SANDBOX_PORT = 8;

const CLEAN = 0;
const BROKEN = 1;
const CANNOT_LOOK = 2;

function auditSettings(env: NodeJS.ProcessEnv) {
  return readSettings(env, (read) => {
    const { namespace, host, portBase } = clientSettings(read);
    return {
      namespace,
      url: read.url("SHOP_MYSQL_URL", {
        default: "mysql://root@127.0.0.1:3306",
        protocols: ["mysql:"],
      }).href,
      currency: read.text("SHOP_CURRENCY", { default: "EUR", pattern: /^[A-Z]{3}$/ }),
      abandonedAfterSeconds: read.integer("SHOP_ABANDONED_AFTER_SECONDS", {
        default: 20,
        min: 1,
        max: 3_600,
      }),
      sandboxUrl: read
        .url("SHOP_SANDBOX_URL", {
          default: `http://${host}:${portBase + SANDBOX_PORT}`,
          protocols: ["http:", "https:"],
        })
        .href.replace(/\/$/, ""),
    };
  });
}

async function run(options: Options): Promise<number> {
  const { namespace, url, sandboxUrl, ...settings } = auditSettings(process.env);
  const { sandboxStore, settleSeconds, quietSeconds, againAfterMs, maxItems } = options;
  const platform = sandboxStore ? platformFile(sandboxStore) : await platformAt(sandboxUrl);
  const scope = { ...schemasOf(namespace), ...settings, settleSeconds };
  const report = await audit({
    scope,
    open: () => openLook({ url, scope, platform }),
    platform: platform !== undefined,
    quietSeconds,
    againAfterMs,
    maxItems,
  });
  console.log(
    options.json ? JSON.stringify({ namespace, ...report }) : reportText(report, namespace),
  );
  return report.broken === 0 ? CLEAN : BROKEN;
}

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options) process.exitCode = await run(options);
  else console.log(USAGE);
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(
    usage ? `${error.message}\n\n${USAGE}` : `cannot look: ${(error as Error).message}`,
  );
  process.exitCode = CANNOT_LOOK;
}
