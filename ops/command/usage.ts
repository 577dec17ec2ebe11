import { table } from "./table.ts";

/** One option of the usage text. */
export type OptionHelp = {
  type: "boolean" | "string";
  /** What stands for the value, such as FILE; only of options that take one. */
  value?: string;
  /** What the option does; begins with a small letter and has no full stop. */
  help: string;
};

const COLUMNS = 100;

/** The text of `--help`: summary, synopsis, a line for each option, notes. */
export function usageText(command: {
  name: string;
  summary: string;
  positionals?: string;
  options: Readonly<Record<string, OptionHelp>>;
  notes?: readonly string[];
}): string {
  const { name, summary, positionals, options, notes = [] } = command;
  const rows = Object.entries({ ...options, help: HELP }).map(([option, { value, help }]) => {
    return [value === undefined ? `--${option}` : `--${option} ${value}`, help];
  });
  const hasOptions = Object.keys(options).length > 0;
  const args = [positionals, hasOptions && "[options]"].filter(Boolean).join(" ");
  return [
    wrap(summary, COLUMNS),
    `Usage: npm run ${name}${args === "" ? "" : ` -- ${args}`}`,
    optionLines(rows),
    ...notes.map((note) => wrap(note, COLUMNS)),
  ].join("\n\n");
}

const HELP: OptionHelp = { type: "boolean", help: "show this text" };

function optionLines(rows: string[][]): string {
  const width = Math.max(...rows.map(([option = ""]) => option.length));
  const helpColumns = COLUMNS - width - 4;
  const lines = rows.flatMap(([option = "", help = ""]) =>
    wrap(help, helpColumns)
      .split("\n")
      .map((line, index) => [index === 0 ? option : "", line]),
  );
  return table(lines, { indent: 2 });
}

/** Breaks each line of the text between words; lines that begin with a space stay as they are. */
function wrap(text: string, columns: number): string {
  return text
    .split("\n")
    .map((line) => (line.startsWith(" ") ? line : wrapLine(line, columns)))
    .join("\n");
}

function wrapLine(line: string, columns: number): string {
  const lines = [""];
  for (const word of line.split(" ")) {
    const current = lines.at(-1) ?? "";
    const longer = current === "" ? word : `${current} ${word}`;
    if (longer.length <= columns || current === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}
