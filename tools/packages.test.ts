import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** What deploy/Dockerfile copies into the image. */
const IN_IMAGE = ["platform", "services", "gateway", "simulators", "proto", "ops/health.ts"];
/** Resolved at run time by the name of a file in the package. */
const SERVED = ["swagger-ui-dist"];

describe("the dependencies of package.json", () => {
  it("are exactly the packages that the image needs", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const imported = new Set(SERVED);
    for (const file of IN_IMAGE.flatMap(sourcesOf)) {
      const text = readFileSync(join(root, file), "utf8");
      for (const name of packagesIn(text)) imported.add(name);
    }
    assert.deepEqual([...imported].sort(), Object.keys(dependencies).sort());
  });
});

function sourcesOf(place: string): string[] {
  if (place.endsWith(".ts")) return [place];
  return readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .filter((name) => !name.includes("testing/"))
    .map((name) => join(place, name));
}

/** The npm packages that a file loads; types are erased. */
function packagesIn(text: string): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gms)]
    .map(([, specifier = ""]) => specifier)
    .filter((specifier) => !/^(\.|#|node:)/.test(specifier))
    .map((specifier) =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
}
