import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "#platform/settings/folders.ts";
import { findPrograms, lastLine, run } from "./commands.ts";
import { type PrivateServer, privateServer } from "./private-server.ts";
import { probeDatabase } from "./probes.ts";
import { keptSecret } from "./secrets.ts";
import { SetupError } from "./setup-error.ts";
import { databaseVersion, type Flavour } from "./versions.ts";

export type PrivateOptions = {
  /** The program of the server. */
  path: string;
  /** What `--version` prints. */
  version: string;
  /** The server gets a folder in it. */
  dataDir: string;
  port: number;
  log: (line: string) => void;
  /** Put before the command at each start. Default: nothing. */
  prefix?: () => readonly string[];
};

const initialiseWithinMs = 300_000;
// Recovery after a kill replays the redo log, which takes a while if it is full.
const readyWithinMs = 300_000;
const stopWithinMs = 60_000;

/** A database on the loopback address whose only account is `shop`, with a random password. */
export async function privateDatabase(
  options: PrivateOptions,
): Promise<{ url: string; server: PrivateServer }> {
  const { flavour } = databaseVersion(options.version);
  // Only the product that made a data directory can read it.
  const directory = join(options.dataDir, flavour);
  makeFolder(directory, { mode: 0o700 });
  const password = keptSecret(options.dataDir, "database");
  const data = join(directory, "data");
  // A server deletes the temporary files it finds when it starts, even those of a running server.
  const temporary = join(directory, "tmp");
  makeFolder(temporary, { mode: 0o700 });
  if (!existsSync(data)) await initialise(flavour, { data, temporary }, options);
  const configuration = join(directory, "my.cnf");
  const first = join(directory, "first.sql");
  writeFileSync(first, accounts(password), { mode: 0o600 });
  writeFileSync(configuration, settings({ flavour, data, temporary, first, port: options.port }), {
    mode: 0o600,
  });
  const url = `mysql://shop:${password}@127.0.0.1:${options.port}`;
  const server = privateServer({
    name: flavour === "mariadb" ? "MariaDB" : "MySQL",
    command: options.path,
    args: [`--defaults-file=${configuration}`, ...asRoot()],
    prefix: options.prefix,
    mark: configuration,
    directory,
    port: options.port,
    probe: () => probeDatabase(url),
    readyWithinMs,
    stopWithinMs,
    log: options.log,
  });
  return { url, server };
}

/** Both servers run as root only if this option allows it. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/** Makes the data directory under another name, so that an unfinished one is never used. */
async function initialise(
  flavour: Flavour,
  { data, temporary }: { data: string; temporary: string },
  options: PrivateOptions,
): Promise<void> {
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  options.log(`creating a data directory of ${flavour} in ${data}`);
  const [command, args] =
    flavour === "mariadb"
      ? [
          mariadbInstaller(options.path),
          [
            "--no-defaults",
            `--datadir=${unfinished}`,
            // Root logs in over the socket as the owner of the files, never with an empty password.
            "--auth-root-authentication-method=socket",
            "--skip-test-db",
            "--skip-name-resolve",
          ],
        ]
      : [options.path, ["--no-defaults", "--initialize-insecure", `--datadir=${unfinished}`]];
  const done = await run(command, [...args, ...asRoot()], {
    timeoutMs: initialiseWithinMs,
    env: { ...process.env, TMPDIR: temporary },
  });
  if (done.code !== 0) {
    throw new SetupError(`${command} cannot create the data directory: ${lastLine(done)}`);
  }
  renameSync(unfinished, data);
}

function mariadbInstaller(program: string): string {
  const beside = [
    dirname(program),
    join(dirname(program), "../bin"),
    join(dirname(program), "../scripts"),
  ];
  const names = ["mariadb-install-db", "mysql_install_db"];
  const found =
    findPrograms(names, { PATH: beside.join(":") })[0] ?? findPrograms(names, process.env)[0];
  if (found === undefined) {
    throw new SetupError(
      `${program} needs mariadb-install-db; install it from the same distribution`,
    );
  }
  return found;
}

/**
 * SQL that the server runs at each start before it accepts connections, one statement per line. It
 * locks root, which MySQL creates with an empty password.
 */
function accounts(password: string): string {
  return [
    `CREATE USER IF NOT EXISTS 'shop'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER 'shop'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    "GRANT ALL PRIVILEGES ON *.* TO 'shop'@'127.0.0.1' WITH GRANT OPTION;",
    "ALTER USER 'root'@'localhost' ACCOUNT LOCK;",
    "",
  ].join("\n");
}

type Settings = {
  flavour: Flavour;
  data: string;
  temporary: string;
  first: string;
  port: number;
};

function settings({ flavour, data, temporary, first, port }: Settings): string {
  // The default directory of MySQL's packages exists only with their system service.
  const files = flavour === "mysql" ? "secure-file-priv = NULL" : "";
  return `[mysqld]
datadir = ${data}
tmpdir = ${temporary}
init-file = ${first}
bind-address = 127.0.0.1
port = ${port}
# Relative to the data directory: the full path of a socket has at most about 100 bytes.
socket = server.sock
pid-file = own.pid
# Only MySQL has this second protocol and its port; "loose" makes MariaDB ignore the line.
loose-mysqlx = 0
skip-name-resolve
# Nothing replicates from here, and without a binary log a commit flushes once.
skip-log-bin
character-set-server = utf8mb4
collation-server = utf8mb4_bin
# An order that was answered survives a power failure.
innodb-flush-log-at-trx-commit = 1
innodb-buffer-pool-size = 512M
max-connections = 500
loose-performance-schema = OFF
${files}
`;
}
