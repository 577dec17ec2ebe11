// Loaded first in a program that runs with edits: replaces pieces of its source as files are
// loaded.

import { registerHooks } from "node:module";
import { EDITS_VARIABLE, type Edit, edited, mark } from "./edits.ts";

const root = new URL("../../../", import.meta.url).href;
const edits: Edit[] = JSON.parse(process.env[EDITS_VARIABLE] ?? "[]");
const editsOf = Map.groupBy(edits, ({ file }) => `${root}${file}`);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const own = editsOf.get(url);
    if (!own) return loaded;
    const source = own.reduce(edited, String(Buffer.from(loaded.source as Uint8Array)));
    console.error(mark(url.slice(root.length)));
    return { ...loaded, source };
  },
});
