import { readFileSync } from "node:fs";
import { type Origin, parseOrigin } from "../values/origins.ts";

type Env = Record<string, string | undefined>;
type TextRule = { default?: string; secret?: boolean; pattern?: RegExp; shape?: string };

const LOCAL_ORIGINS = "http://127.0.0.1:*,http://localhost:*";

/** Every fault of a configuration. */
export class SettingsError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(
      `the settings have ${faults.length} fault(s):\n${faults.map((f) => `  - ${f}`).join("\n")}`,
    );
    this.name = "SettingsError";
    this.faults = faults;
  }
}

/**
 * Reads a configuration from the environment. `build` reads each setting by name. For a setting
 * that is missing or malformed it gets a stand-in, and the fault is collected, so that one
 * SettingsError lists all faults. An empty variable counts as not set.
 */
export function readSettings<T>(env: Env, build: (read: SettingsReader) => T): T {
  const reader = new SettingsReader(env);
  let settings: T;
  try {
    settings = build(reader);
  } catch (error) {
    // `build` may have failed on a stand-in; then the faults are the cause.
    if (reader.faults.length === 0) throw error;
    throw new SettingsError(reader.faults);
  }
  if (reader.faults.length > 0) throw new SettingsError(reader.faults);
  return settings;
}

export class SettingsReader {
  readonly faults: string[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Adds a fault, such as two settings that exclude each other. */
  fault(message: string): void {
    this.faults.push(message);
  }

  /** Whether the variable is set, as opposed to a default. */
  has(name: string): boolean {
    return this.optional(name) !== undefined;
  }

  optional(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  /** Text. Without a default it must be set. A fault never shows the value of a `secret`. */
  text(name: string, rule: TextRule = {}): string {
    const value = this.optional(name) ?? rule.default;
    if (value === undefined) {
      this.fault(`${name}: must be set`);
      return "";
    }
    if (rule.pattern && !rule.pattern.test(value)) {
      this.#wrong(
        name,
        rule.shape ?? `must match ${rule.pattern}`,
        rule.secret ? undefined : value,
      );
    }
    return value;
  }

  integer(name: string, rule: { default?: number; min: number; max: number }): number {
    const text = this.optional(name);
    if (text === undefined && rule.default !== undefined) return rule.default;
    return Number(this.#whole(name, text, { min: BigInt(rule.min), max: BigInt(rule.max) }));
  }

  bigint(name: string, rule: { default?: bigint; min: bigint; max: bigint }): bigint {
    const text = this.optional(name);
    if (text === undefined && rule.default !== undefined) return rule.default;
    return this.#whole(name, text, rule);
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: NoInfer<T>): T {
    const text = this.optional(name) ?? fallback;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) this.#wrong(name, `must be one of ${choices.join(", ")}`, text);
    return found ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.choice(name, ["true", "false"], fallback ? "true" : "false") === "true";
  }

  /** A URL of one of the protocols ("mysql:"). A fault does not show it: it may have a password. */
  url(name: string, rule: { default?: string; protocols: string[] }): URL {
    return this.#parseUrl(name, this.text(name, { default: rule.default }), rule.protocols);
  }

  /** One or more URLs, separated by commas. */
  urls(name: string, rule: { default?: string; protocols: string[] }): URL[] {
    const texts = this.text(name, { default: rule.default }).split(",");
    return texts.map((text) => this.#parseUrl(name, text.trim(), rule.protocols));
  }

  #parseUrl(name: string, text: string, protocols: string[]): URL {
    const url = URL.parse(text);
    if (url && protocols.includes(url.protocol) && url.hostname !== "") return url;
    if (text !== "")
      this.#wrong(name, `must be a URL with a host that starts with ${protocols.join("// or ")}//`);
    return new URL(`${protocols[0]}//invalid.invalid`);
  }

  /** "host:port", with an IPv6 host in brackets. With port 0, the system chooses one. */
  hostPort(name: string, fallback: string): { host: string; port: number } {
    const text = this.optional(name) ?? fallback;
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (!match?.[1] || port > 65_535) {
      this.#wrong(name, "must be host:port", text);
      return { host: "127.0.0.1", port: 0 };
    }
    return { host: match[1], port };
  }

  /**
   * Web origins, separated by commas: "https://shop.example", or "http://localhost:*" for every
   * port. The default is every port of this machine, unless it must be set.
   */
  origins(name: string, rule: { mustBeSet: boolean }): Origin[] {
    if (rule.mustBeSet && !this.has(name)) this.fault(`${name}: must be set in production`);
    const texts = this.text(name, { default: LOCAL_ORIGINS }).split(",");
    return texts.flatMap((text) => {
      const origin = parseOrigin(text.trim());
      if (!origin) this.fault(`${name}: must be origins such as https://shop.example`);
      return origin ?? [];
    });
  }

  /** The contents of the file that the variable names; undefined if it is not set. */
  file(name: string): Buffer | undefined {
    const path = this.optional(name);
    return path === undefined ? undefined : this.fileAt(name, path);
  }

  /** The contents of the files that the variable names, separated by commas. */
  files(name: string): Buffer[] {
    const paths = this.optional(name)?.split(",") ?? [];
    return paths.flatMap((path) => this.fileAt(name, path.trim()) ?? []);
  }

  /** The contents of a file that is a part of the variable's value; undefined after a fault. */
  fileAt(name: string, path: string): Buffer | undefined {
    try {
      return readFileSync(path);
    } catch (error) {
      this.fault(`${name}: cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
      return undefined;
    }
  }

  #whole(name: string, text: string | undefined, range: { min: bigint; max: bigint }): bigint {
    if (text === undefined) {
      this.fault(`${name}: must be set`);
      return range.min;
    }
    const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
    if (value === undefined || value < range.min || value > range.max) {
      this.#wrong(name, `must be a whole number from ${range.min} to ${range.max}`, text);
      return range.min;
    }
    return value;
  }

  #wrong(name: string, shape: string, value?: string): void {
    this.fault(`${name}: ${shape}${value === undefined ? "" : `, not ${JSON.stringify(value)}`}`);
  }
}
