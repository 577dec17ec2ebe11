import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseSource } from "./choice.ts";
import { SetupError } from "./setup-error.ts";

const docker = 'case "$1 $2" in "info --format") echo 28.2.2;; "compose version") echo v2;; esac';

describe("where the database and the broker come from", () => {
  let directory: string;
  let lines: string[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jetshop-choice-"));
    lines = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Puts a program on a PATH that has no other. */
  function program(name: string, script: string, folder = "bin"): void {
    mkdirSync(join(directory, folder), { recursive: true });
    const path = join(directory, folder, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  function surroundings(env: NodeJS.ProcessEnv = {}) {
    return {
      env: { PATH: join(directory, "bin"), ...env },
      packagesDir: join(directory, "packages"),
      log: (line: string) => lines.push(line),
      serverDirectories: [join(directory, "sbin")],
      dockerWithinMs: 1_000,
    };
  }

  it("takes a given URL first, for each of the two alone", async () => {
    program("docker", docker);
    const given = surroundings({ SHOP_NATS_URL: "nats://broker:4222", SHOP_MYSQL_URL: "" });
    assert.deepEqual(await chooseSource("nats", given), {
      kind: "given",
      url: "nats://broker:4222",
    });
    assert.deepEqual(await chooseSource("mysql", given), { kind: "docker" });
  });

  it("prefers docker with an engine that answers to an installed program", async () => {
    program("docker", docker);
    program("mysqld", "echo 'mysqld  Ver 9.7.0 for Linux'");
    assert.deepEqual(await chooseSource("mysql", surroundings()), { kind: "docker" });
  });

  it("passes over a docker client without an engine, or without compose", async () => {
    program("nats-server", "echo 'nats-server: v2.9.10'");
    program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    assert.equal((await chooseSource("nats", surroundings())).kind, "program");
    program("docker", 'test "$1" = info && echo 28.2.2');
    assert.equal((await chooseSource("nats", surroundings())).kind, "program");
  });

  it("passes over a docker engine that does not answer", async () => {
    program("nats-server", "echo 'nats-server: v2.9.10'");
    program("docker", "exec /bin/sleep 60");
    assert.equal((await chooseSource("nats", surroundings())).kind, "program");
  });

  it("finds servers outside of the PATH and passes over those that are too old", async () => {
    program("mysqld", "echo 'mysqld  Ver 5.7.44 for Linux'");
    program("mariadbd", "echo 'mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian'", "sbin");
    program("apt-get", "");
    const source = await chooseSource("mysql", surroundings());
    assert.equal(
      source.kind === "program" && source.program.path,
      join(directory, "sbin/mariadbd"),
    );
    rmSync(join(directory, "sbin"), { recursive: true });
    const second = await chooseSource("mysql", surroundings());
    assert.deepEqual(second, { kind: "package", manager: "apt" });
    assert.match(lines.join("\n"), /mysql 5\.7\.44 is too old, 8\.0\.16 or later is needed/);
  });

  it("takes the server that is first on the PATH, independent of its name", async () => {
    program("mysqld", "echo 'mysqld  Ver 9.7.4 for Linux'");
    program("mariadbd", "echo 'mariadbd  Ver 10.11.19-MariaDB for debian'", "sbin");
    const source = await chooseSource("mysql", surroundings());
    assert.equal(source.kind === "program" && source.program.path, join(directory, "bin/mysqld"));
  });

  it("prefers an installed broker to one that was unpacked before", async () => {
    program("nats-server", "echo 'nats-server: v2.9.10'", "packages/nats-server/usr/sbin");
    assert.equal((await chooseSource("nats", surroundings())).kind, "program");
    program("nats-server", "echo 'nats-server: v2.15.1'", "sbin");
    const source = await chooseSource("nats", surroundings());
    assert.equal(
      source.kind === "program" && source.program.path,
      join(directory, "sbin/nats-server"),
    );
  });

  it("takes brew without apt, and names the remedies without both", async () => {
    await assert.rejects(chooseSource("nats", surroundings()), (error: Error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /^no docker engine.* or set SHOP_NATS_URL$/);
      return true;
    });
    program("brew", "");
    assert.deepEqual(await chooseSource("nats", surroundings()), {
      kind: "package",
      manager: "brew",
    });
  });
});
