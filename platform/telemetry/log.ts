import { pino } from "pino";
import type { LogLevel } from "../settings/log-levels.ts";

/** A structured log: an object of fields first, then a message that stays the same from call to call. */
export type Log = pino.Logger;

/** Where nobody reads the output, no more than this is kept for it; the rest is dropped. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * One JSON object a line on standard output, written behind the work; what waits is written when the process ends, but
 * not when it is killed. Secrets never reach a log by name: what is called token, password, authorization or secret is
 * cut out, also one level down. JSON escapes line breaks, so nobody can forge a line.
 */
export function createLog(service: string, level: LogLevel): Log {
  const names = ["token", "password", "authorization", "secret"];
  const output = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  const options: pino.LoggerOptions = {
    level,
    base: { service, pid: process.pid },
    redact: { paths: names.flatMap((name) => [name, `*.${name}`]), censor: "[cut]" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
  };
  return pino(options, output);
}
