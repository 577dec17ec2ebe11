import { addressesOfRun } from "../local/up/run-record.ts";
import { type Options, readOptions, USAGE, UsageError } from "./audit/options.ts";
import { reportText } from "./audit/report.ts";
import { auditSettings, auditShop } from "./audit/shop.ts";

const CLEAN = 0;
const BROKEN = 1;
const CANNOT_LOOK = 2;

async function run(options: Options): Promise<number> {
  const settings = auditSettings({ ...addressesOfRun(), ...process.env });
  const { namespace } = settings;
  const report = await auditShop(settings, options);
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
