import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { COLUMNS, LineFault, parseLine, type RetailLine } from "./retail-line.ts";
import { EncodingFault, utf8Check } from "./utf8-check.ts";

/** The file is missing or malformed. The message names the file, and the line if one is wrong. */
export class FileFault extends Error {}

/** Stops at an unclosed quote, which would otherwise read the rest of the file as one field. */
const MAX_RECORD_CHARACTERS = 100_000;

/** Streams the lines of a CSV file, plain or gzip. Ending the iteration closes the file. */
export async function* readRetail(path: string): AsyncGenerator<RetailLine> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkHeader(header, path),
    info: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    record_delimiter: ["\r\n", "\n", "\r"],
  });
  const gzip = await isGzip(path);
  const source = createReadStream(path);
  const checked = utf8Check();
  const reading = gzip
    ? pipeline(source, createGunzip(), checked, parser)
    : pipeline(source, checked, parser);
  // A failure also ends the parser with the same error, which the loop below throws.
  reading.catch(() => {});
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      line = info.lines;
      yield parseLine(record);
    }
  } catch (error) {
    throw faultOf(error, { path, line });
  } finally {
    source.destroy();
  }
}

type ParsedRecord = { record: Record<string, string>; info: { lines: number } };

function checkHeader(header: string[], path: string): string[] {
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new FileFault(`${path} has no column ${missing.join(", ")} in its first line`);
  }
  const twice = COLUMNS.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice === undefined) return header;
  throw new FileFault(`${path} has the column ${twice} twice in its first line`);
}

async function isGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw faultOf(error, { path, line: 0 });
  }
}

function faultOf(error: unknown, { path, line }: { path: string; line: number }): unknown {
  if (error instanceof LineFault) return new FileFault(`${path}, line ${line}: ${error.message}`);
  if (error instanceof EncodingFault) return new FileFault(`${path}: ${error.message}`);
  // The message of the parser names the line.
  if (error instanceof CsvError) return new FileFault(`${path}: ${error.message}`);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new FileFault(`there is no file ${path}`);
  if (code === "EISDIR") return new FileFault(`${path} is a directory`);
  if (code === "EACCES") return new FileFault(`${path} cannot be read: permission denied`);
  if (code?.startsWith("Z_"))
    return new FileFault(`${path} is not a complete gzip file: ${message}`);
  return error;
}
