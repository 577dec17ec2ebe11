import { AssertionError } from "node:assert";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { SettingsError } from "#platform/settings/settings.ts";
import { type OptionHelp, usageText } from "./usage.ts";

/** The exit codes of every command. */
export const ExitCode = {
  DONE: 0,
  /** The command did not do its work, or found what it looked for: a difference, a broken rule. */
  FAILED: 1,
  /** The command line or a setting is wrong, or the data cannot be read. */
  CANNOT_RUN: 2,
  /** What could be looked at is right, but not everything could be looked at. */
  INCOMPLETE: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error that the person at the terminal can act on. Its message is printed without a stack. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, options: ErrorOptions & { exitCode?: ExitCode } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? ExitCode.FAILED;
  }
}

/** The command line is wrong. The message names the option and what it accepts. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(message, { exitCode: ExitCode.CANNOT_RUN });
  }
}

type OptionConfig = NonNullable<ParseArgsConfig["options"]>[string];

/** Options as `parseArgs` of node:util takes them, each with its line of the usage text. */
type Options = Record<string, OptionConfig & OptionHelp>;

type Parsed<O extends Options> = {
  values: ReturnType<typeof parseArgs<{ options: O }>>["values"];
  positionals: string[];
};

type Command<O extends Options> = {
  /** What follows `npm run`. */
  name: string;
  /** What the command does, for the head of the usage text. */
  summary: string;
  /** The positional arguments as the usage text shows them. Without it there may be none. */
  positionals?: string;
  options: O;
  /** Paragraphs at the end of the usage text: settings, examples, exit codes. */
  notes?: readonly string[];
  /** Does the work and resolves to the exit code, such as one of `ExitCode`. */
  run(parsed: Parsed<O>): Promise<number>;
};

/**
 * Runs a command with the arguments of this process and sets the exit code. `--help` prints the
 * usage text. An error is printed on standard error: its message, and the stack only of a defect.
 */
export async function runCommand<O extends Options>(
  command: Command<O>,
  args: string[] = process.argv.slice(2),
): Promise<void> {
  try {
    const { values, positionals } = parse(command, args);
    if (isHelp(values)) console.log(usageText(command));
    else process.exitCode = await command.run({ values, positionals });
  } catch (error) {
    console.error(errorText(error));
    process.exitCode = exitCodeOf(error);
  }
}

function parse<O extends Options>(command: Command<O>, args: string[]): Parsed<O> {
  const help = { type: "boolean", short: "h" } as const;
  try {
    return parseArgs({
      args,
      options: { ...command.options, help },
      allowPositionals: command.positionals !== undefined,
    }) as Parsed<O>;
  } catch (error) {
    // Node appends advice about "--" to its messages; the first sentence says what is wrong.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0] ?? "");
  }
}

function isHelp(values: object): boolean {
  return "help" in values && values.help === true;
}

/** What a person reads about an error. */
export function errorText(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (--help shows the options)`;
  if (isDefect(error)) return (error as Error).stack ?? String(error);
  return messageOf(error);
}

/** The message, or the code where there is none: several failed addresses have no message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, code } = error as Error & { code?: string };
  return message || (code ?? error.name);
}

/** Whether an error is a broken assumption. Errors of fetch and of Node have a cause or a code. */
function isDefect(error: unknown): boolean {
  if (error instanceof AssertionError) return true;
  const isProgramming = [TypeError, RangeError, ReferenceError].some(
    (kind) => error instanceof kind,
  );
  return isProgramming && (error as Error).cause === undefined && !("code" in (error as Error));
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return error instanceof SettingsError ? ExitCode.CANNOT_RUN : ExitCode.FAILED;
}
