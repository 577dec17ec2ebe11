import { parseArgs } from "node:util";

export const USAGE = `Breaks the real shop, heals it, and judges whether it kept its word.

  npm run fault                              lists the faults
  npm run fault -- NAME... [--times N] [--seed TEXT] [--json]
                                             plays these faults, or "all"
  npm run fault -- --soak MINUTES [--seed TEXT] [--json]
                                             plays one to four at a time, at random from the seed
  npm run fault -- --checker [MUTATION...]   breaks the shop's own code and data in every way that is known, and looks
                                             whether the judge finds it

  --times  how often each is played (1)
  --seed   what chance follows from; default: a new one, which the report names
  --json   prints the report as one line of JSON; what happens meanwhile goes to standard error

It starts a shop of its own: a database, a broker, every service twice, with a proxy on every way between them. The
servers are found as npm test finds them. Exits with 0 when the shop kept its word in all that was run, 1 when it did
not, 2 when the command line is wrong.`;

export class UsageError extends Error {}

export type Options = {
  names: string[];
  times: number;
  seed: string;
  json: boolean;
  /** Minutes; undefined: no soak. */
  soak: number | undefined;
  /** The names are those of mutations. */
  checker: boolean;
};

/** Undefined where only help was wanted. Throws a UsageError. */
export function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const soak = values.soak === undefined ? undefined : whole("--soak", values.soak);
  if (soak !== undefined && positionals.length > 0) {
    throw new UsageError("--soak chooses the faults by itself");
  }
  const checker = values.checker === true;
  if (checker && soak !== undefined) throw new UsageError("--checker and --soak are two things");
  return {
    names: positionals,
    times: whole("--times", values.times ?? "1"),
    seed: values.seed ?? String(Math.floor(Math.random() * 1_000_000)),
    json: values.json === true,
    soak,
    checker,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        times: { type: "string" },
        seed: { type: "string" },
        soak: { type: "string" },
        checker: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's own words, without the advice of its later sentences.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(name: string, text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new UsageError(`${name} must be a whole number from 1 to 99999`);
  return value;
}
