import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { CpuProfile } from "./inspector.ts";

const release = join(
  dirname(createRequire(import.meta.url).resolve("speedscope/package.json")),
  "dist/release",
);
const read = (name: string) => readFileSync(join(release, name), "utf8");

/**
 * A flame graph in one HTML file that loads nothing else: the release of the viewer speedscope with
 * the profile in the page. Its views are time order, left heavy and sandwich.
 */
export function flameGraphPage(title: string, profile: CpuProfile): string {
  const index = read("index.html");
  const script = nameIn(index, /<script src="([^"]+\.js)"/);
  const style = nameIn(index, /<link rel="stylesheet" href="([^"]+\.css)"/);
  const css = read(style).replaceAll(/url\(["']?([^"')]+\.woff2)["']?\)/g, (_, font: string) => {
    return `url(data:font/woff2;base64,${readFileSync(join(release, font), "base64")})`;
  });
  const encoded = Buffer.from(JSON.stringify(profile)).toString("base64");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>${css}</style>
</head>
<body>
<script>
// At this address speedscope waits for a profile that a script passes to it.
history.replaceState(null, "", "#localProfilePath=in-this-page&view=left-heavy");
</script>
<script>${read(script)}</script>
<script>
const name = ${JSON.stringify(title).replaceAll("<", "\\u003c")} + ".cpuprofile";
const waiting = setInterval(() => {
  if (!window.speedscope) return;
  clearInterval(waiting);
  window.speedscope.loadFileFromBase64(name, "${encoded}");
}, 10);
</script>
</body>
</html>
`;
}

function nameIn(html: string, pattern: RegExp): string {
  const name = pattern.exec(html)?.[1];
  if (name === undefined)
    throw new Error(`the page of this speedscope release does not match ${pattern}`);
  return name;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
