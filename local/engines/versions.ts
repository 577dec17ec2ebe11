import { SetupError } from "./setup-error.ts";

export type Flavour = "mariadb" | "mysql";
export type DatabaseVersion = { flavour: Flavour; numbers: [number, number, number] };

/** Reads `mysqld --version`, `select version()` or `nats-server --version`. */
export function versionNumbers(text: string): [number, number, number] {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null) throw new SetupError(`"${text.trim()}" names no version`);
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

export function databaseVersion(text: string): DatabaseVersion {
  // MariaDB once put "5.5.5-" before its own version.
  const numbers = versionNumbers(text.replace(/\b5\.5\.5-/, ""));
  return { flavour: /mariadb/i.test(text) ? "mariadb" : "mysql", numbers };
}

export function isAtLeast(numbers: [number, number, number], least: [number, number, number]) {
  for (const [index, number] of numbers.entries()) {
    const other = least[index] ?? 0;
    if (number !== other) return number > other;
  }
  return true;
}

// SKIP LOCKED came with MySQL 8.0.1 and MariaDB 10.6, enforced CHECK with 8.0.16; the pull
// consumers that the NATS client asks for came with 2.9.4.
const least = { mariadb: [10, 6, 0], mysql: [8, 0, 16], nats: [2, 9, 4] } as const;

/** Undefined when the version will do, else what is wrong with it. */
export function databaseTooOld(text: string): string | undefined {
  const { flavour, numbers } = databaseVersion(text);
  if (isAtLeast(numbers, [...least[flavour]])) return undefined;
  return `${flavour} ${numbers.join(".")} is too old, ${least[flavour].join(".")} or later is needed`;
}

export function brokerTooOld(text: string): string | undefined {
  const numbers = versionNumbers(text);
  if (isAtLeast(numbers, [...least.nats])) return undefined;
  return `nats-server ${numbers.join(".")} is too old, ${least.nats.join(".")} or later is needed`;
}
