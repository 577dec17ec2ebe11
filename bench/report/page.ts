import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Chart, chartsOf } from "./charts.ts";
import type { Result } from "./result.ts";
import { table } from "./table.ts";

/** The library in one script, which the package does not list among its exports. */
const LIBRARY = fileURLToPath(new URL("chart.umd.min.js", import.meta.resolve("chart.js")));

/** The result as an HTML page that loads nothing else: it contains the library of the plots. */
export function page(result: Result): string {
  const workloads = [...new Set(result.cells.map(({ workload }) => workload))];
  const sections = workloads.map((workload) => ({ workload, charts: chartsOf(result, workload) }));
  const all = sections.flatMap(({ charts }) => charts);
  const ids = new Map(all.map((chart, index) => [chart, `chart-${index}`]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>jetshop bench, ${escaped(result.machine.time)}</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1rem; }
pre { font-size: 12px; white-space: pre-wrap; background: #f6f6f6; padding: 1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
</style>
</head>
<body>
<h1>jetshop bench</h1>
<pre>${escaped(table(result))}</pre>
${sections.map(({ workload, charts }) => section(workload, charts, ids)).join("\n")}
<script>${readFileSync(LIBRARY, "utf8")}</script>
<script type="application/json" id="charts">${inScript(all.map(({ config }) => config))}</script>
<script>
Chart.defaults.animation = false;
for (const [index, config] of JSON.parse(document.getElementById("charts").textContent).entries()) {
  new Chart(document.getElementById("chart-" + index), config);
}
</script>
</body>
</html>
`;
}

function section(workload: string, charts: readonly Chart[], ids: Map<Chart, string>): string {
  const figures = charts.map(
    (chart) => `<figure><figcaption>${escaped(chart.title)}</figcaption>
<canvas id="${ids.get(chart)}"></canvas></figure>`,
  );
  return `<h2>${escaped(workload)}</h2>\n<div class="charts">\n${figures.join("\n")}\n</div>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** JSON that cannot end the script that contains it. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
