import { parseArgs } from "node:util";

export const USAGE = `Breaks a shop, heals it, and judges whether the shop kept its promises.

  npm run fault                              lists the faults
  npm run fault -- NAME... [--times N] [--seed TEXT] [--json]
                                             plays these faults; "all" plays every one
  npm run fault -- --soak MINUTES [--seed TEXT] [--json]
                                             plays one to four faults at a time, chosen at random
  npm run fault -- --checker [MUTATION...]   breaks the shop's own code and data in known ways,
                                             and tests whether the judge notices

  --times N    how often each fault is played (default 1)
  --seed TEXT  the seed of all random choices (default: a random one, which the report names)
  --json       prints the report as one line of JSON; progress goes to standard error

The command starts a shop of its own: a database, a broker, two replicas of each service, and a
proxy on each connection between them. It finds the servers as npm test does.

Exit code: 0 when the shop kept its promises in all that was played, 1 when it did not, 2 when the
command line is wrong, 130 when interrupted.`;

export class UsageError extends Error {}

export type Options = {
  names: string[];
  times: number;
  seed: string;
  json: boolean;
  /** Minutes of the soak; undefined without one. */
  soak: number | undefined;
  /** Whether `names` are names of mutations. */
  checker: boolean;
};

/** Reads the command line; undefined when only help is wanted. Throws a UsageError. */
export function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const soak = values.soak === undefined ? undefined : whole("--soak", values.soak);
  if (soak !== undefined && positionals.length > 0) {
    throw new UsageError("--soak takes no fault names: it chooses the faults");
  }
  const checker = values.checker === true;
  if (checker && soak !== undefined)
    throw new UsageError("--checker and --soak exclude each other");
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
    // Node's first sentence, without its advice.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(name: string, text: string): number {
  const value = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (value < 1)
    throw new UsageError(`${name} must be a whole number from 1 to 99999, not "${text}"`);
  return value;
}
