import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { SettingsError } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { gatewayConfig } from "../../gateway/config.ts";
import { couponConfig } from "../../services/coupon/config.ts";
import { goodsConfig } from "../../services/goods/config.ts";
import { orderConfig } from "../../services/order/config.ts";
import { payConfig } from "../../services/pay/config.ts";
import { userConfig } from "../../services/user/config.ts";
import { simulatorsConfig } from "../../simulators/providers/config.ts";
import { sandboxConfig } from "../../simulators/sandbox/config.ts";
import { tableRows } from "./markdown.ts";

type Env = Record<string, string | undefined>;
type Setting = { name: string; default: string; range: string; readBy: string };

const PROGRAMS: Record<string, (env: Env) => object> = {
  goods: goodsConfig,
  coupon: couponConfig,
  user: userConfig,
  order: orderConfig,
  pay: payConfig,
  gateway: gatewayConfig,
  sandbox: sandboxConfig,
  simulators: simulatorsConfig,
};
const PLACEHOLDERS: Record<string, readonly string[]> = {
  "<SERVICE>": SERVICES,
  "<PROGRAM>": [...SERVICES, "gateway", "sandbox"],
};
/** Everything that may read a setting, besides the configurations above. */
const READERS = [
  "{gateway,local,ops,platform,simulators,services,testbed,bench,replay,tools,test,sdk}/**/*.{ts,go,py,java}",
  "{docker-compose.yml,package.json}",
];
const NOT_READERS = /\.test\.ts$|node_modules|\/(gen|target|\.venv|fixtures)\//;
/** Beginnings of names, which token-settings.ts completes. */
const PREFIXES = ["SHOP_TOKEN", "SHOP_SERVICE"];

describe("docs/settings.md", () => {
  const settings = tableRows("docs/settings.md").flatMap(([name = "", ...cells]) => {
    const [literal = "", range = "", , readBy = ""] = cells;
    return expand(name.replaceAll("`", "")).map((expanded): Setting => {
      return { name: expanded, default: literal, range, readBy };
    });
  });
  const readBy = namesByProgram();

  it("lists every setting that the code reads, and no other", () => {
    const documented = settings.map(({ name }) => name);
    const read = new Set([...Object.values(readBy).flatMap((names) => [...names]), ...mentioned()]);
    assert.deepEqual([...new Set(documented)].sort(), [...read].sort());
    assert.equal(new Set(documented).size, documented.length, "a setting is listed twice");
  });

  it("names every program that reads a setting", () => {
    for (const setting of settings) {
      for (const [program, names] of Object.entries(readBy)) {
        if (names.has(setting.name)) assertNamed(setting, program);
      }
    }
  });

  it("states the defaults of the code", () => {
    for (const { name, default: text } of settings) {
      const [, literal] = /^`([^`]+)`$/.exec(text) ?? [];
      if (literal === undefined) continue;
      for (const [program, names] of Object.entries(readBy)) {
        if (!names.has(name)) continue;
        const documented = configOf(program, { [name]: literal });
        assert.equal(documented, configOf(program, {}), `${program} has another ${name}`);
      }
    }
  });

  it("states the ranges of the code", () => {
    for (const { name, range } of settings) {
      for (const [program, names] of Object.entries(readBy)) {
        if (!names.has(name)) continue;
        const { valid, invalid } = samplesOf(range);
        for (const value of valid) assert.equal(faultOf(program, name, value), undefined);
        for (const value of invalid) {
          assert.ok(faultOf(program, name, value), `${program} accepts ${name}=${value}`);
        }
      }
    }
  });
});

describe("docker-compose.yml", () => {
  /** The containers' own: addresses, engines and files inside of them. */
  const fixed = /^SHOP_(HOST|PORT_BASE|(MYSQL|NATS|SANDBOX)_URL|SANDBOX_STORE|[A-Z]+_ADDRESS)$/;
  /** SHOP_HOST and SHOP_PORT_BASE say where programs listen; failpoints are for tests. */
  const unneeded = /_LISTEN$|^SHOP_(FAILPOINT|DATA_DIR)$/;
  const { services } = parse(readFileSync("docker-compose.yml", "utf8"), { merge: true }) as {
    services: Record<string, { environment: Record<string, string | null> }>;
  };

  for (const program of [...SERVICES, "gateway", "sandbox"]) {
    it(`passes on every setting that ${program} reads, and no other`, () => {
      const passed = services[program]?.environment ?? {};
      const read = [...(namesByProgram()[program] ?? [])].filter((name) => !unneeded.test(name));
      // Only the user service signs tokens of users.
      const needed = read.filter((n) => n !== "SHOP_TOKEN_PRIVATE_KEY" || program === "user");
      const engines = ["SHOP_MYSQL_POOL", "SHOP_MYSQL_URL", "SHOP_NATS_REPLICAS", "SHOP_NATS_URL"];
      // The gateway shares the environment of the services.
      const shared = program === "gateway" ? engines : [];
      assert.deepEqual(Object.keys(passed).sort(), [...needed, ...shared].sort());
      for (const [name, value] of Object.entries(passed)) {
        const isPassed = value === null || value.startsWith(`\${${name}:-`);
        assert.equal(isPassed, !fixed.test(name), `${name}: ${value}`);
      }
    });
  }
});

function expand(name: string): string[] {
  for (const [placeholder, values] of Object.entries(PLACEHOLDERS)) {
    if (!name.includes(placeholder)) continue;
    return values.map((value) => name.replace(placeholder, value.toUpperCase()));
  }
  return [name];
}

/** The names that each configuration asks the environment for. */
function namesByProgram(): Record<string, Set<string>> {
  return Object.fromEntries(
    Object.entries(PROGRAMS).map(([program, configure]) => {
      const names = new Set<string>();
      const env: Env = new Proxy({}, { get: (_, name) => void names.add(String(name)) });
      configure(env);
      return [program, names];
    }),
  );
}

/** The names that other programs mention in their source. */
function mentioned(): string[] {
  const files = READERS.flatMap((pattern) => globSync(pattern)).filter(
    (file) => !NOT_READERS.test(file),
  );
  const texts = files.map((file) => readFileSync(file, "utf8"));
  return texts
    .flatMap((text) => text.match(/\bSHOP_[A-Z0-9]+(_[A-Z0-9]+)*\b/g) ?? [])
    .filter((name) => !PREFIXES.includes(name));
}

function assertNamed({ name, readBy }: Setting, program: string): void {
  const isService = SERVICES.some((service) => service === program);
  const isNamed =
    new RegExp(`\\b${program}\\b`).test(readBy) || (isService && /\bservice/.test(readBy));
  assert.ok(isNamed, `${name} is also read by ${program}`);
}

/** The configuration as text; keys and functions, which have no literal default, are left out. */
function configOf(program: string, env: Env): string {
  const config = PROGRAMS[program]?.(env);
  return JSON.stringify(config, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

/** What the configuration reports about this value of a setting; undefined if it is valid. */
function faultOf(program: string, name: string, value: string): string | undefined {
  try {
    PROGRAMS[program]?.({ [name]: value });
    return undefined;
  } catch (error) {
    const { faults } = error as SettingsError;
    return faults.find((fault) => fault.startsWith(`${name}: `));
  }
}

/** Values at the bounds of a range such as "1 to 100 s", or the choices of "`a`, `b`". */
function samplesOf(range: string): { valid: string[]; invalid: string[] } {
  const [, min, max] = /^(\d+) to (\d+)\b(?! (?:characters|lowercase))/.exec(range) ?? [];
  if (min !== undefined && max !== undefined) {
    const invalid = [BigInt(min) - 1n, BigInt(max) + 1n].map(String);
    return { valid: [min, max], invalid };
  }
  const isChoice = /^`[a-z]+`(, `[a-z]+`)+$/.test(range);
  const valid = isChoice ? range.split(", ").map((choice) => choice.replaceAll("`", "")) : [];
  return { valid, invalid: isChoice ? ["none of them"] : [] };
}
