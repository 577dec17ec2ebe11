import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isInstalled } from "./install.mjs";

const entry = (version: string, more = {}) => ({ version, integrity: `sum-${version}`, ...more });

describe("tools/install.mjs", () => {
  const lock = {
    packages: {
      "": { version: "0" },
      "node_modules/a": entry("1.0.0"),
      "node_modules/a-darwin": entry("1.0.0", { optional: true }),
    },
  };

  it("installs nothing if every package of the lock file is installed", () => {
    assert.equal(isInstalled(lock, { packages: { "node_modules/a": entry("1.0.0") } }), true);
  });

  it("installs if nothing is installed or one version differs", () => {
    assert.equal(isInstalled(lock, undefined), false);
    assert.equal(isInstalled(lock, { packages: {} }), false);
    assert.equal(isInstalled(lock, { packages: { "node_modules/a": entry("1.0.1") } }), false);
  });

  it("has a lock file with the packages of every platform, as `npm ci` requires", () => {
    const packages: Record<string, { optionalDependencies?: Record<string, string> }> = JSON.parse(
      readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"),
    ).packages;
    const missing = Object.values(packages)
      .flatMap((found) => Object.keys(found.optionalDependencies ?? {}))
      .filter((name) => packages[`node_modules/${name}`] === undefined);
    assert.deepEqual(missing, []);
  });
});
