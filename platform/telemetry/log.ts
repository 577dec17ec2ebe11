import { pino } from "pino";
import type { LogLevel } from "../settings/log-levels.ts";

/** A structured log: an object of fields first, then a message with constant text. */
export type Log = pino.Logger;

/** Bytes that wait for a slow reader of the output. More are dropped. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Writes one JSON object per line to standard output, asynchronously: lines still waiting are
 * written when the process exits, and lost when it is killed. Fields named token, password,
 * authorization or secret are cut out, at the first two levels. JSON escapes line breaks, so input
 * cannot forge a line.
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
