import { SetupError } from "./setup-error.ts";

export type Flavour = "mariadb" | "mysql";
type DatabaseVersion = { flavour: Flavour; numbers: [number, number, number] };

/** Reads `mysqld --version`, `select version()` or `nats-server --version`. */
export function versionNumbers(text: string): [number, number, number] {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null) throw new SetupError(`"${text.trim()}" has no version number`);
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

export function databaseVersion(text: string): DatabaseVersion {
  // Older MariaDB servers report "5.5.5-" before their own version.
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

// The first versions with SKIP LOCKED (MariaDB 10.6, MySQL 8.0.1), with CHECK constraints that are
// enforced (MySQL 8.0.16), and with the pull consumers of the NATS client (2.9.4).
const least = { mariadb: [10, 6, 0], mysql: [8, 0, 16], nats: [2, 9, 4] } as const;

/** What is wrong with the version; undefined if it is new enough. */
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
