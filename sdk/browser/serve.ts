// `npm run page`: serves the shop page without a bundler. Node strips the types of .ts files on
// request.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const PORT = 8_080;

/** The files that are served. No other file of the project is. */
const SERVED =
  /^\/(sdk\/browser|proto\/gen|platform\/values|node_modules\/(@bufbuild\/protobuf|@connectrpc\/connect(-web)?)\/dist\/esm)\/([\w-]+\/)*[\w.-]+\.[jt]s$/;

export type PageServer = { origin: string; port: number; close(): Promise<void> };

/** Serves the page at `/` on the loopback address. `shopUrl` is the gateway that the page calls. */
export async function servePage(options: {
  port: number;
  shopUrl: () => string;
}): Promise<PageServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    fileOf(pathname, options.shopUrl()).then(
      ({ type, text }) => {
        response.setHeader("content-type", `${type}; charset=utf-8`);
        const isPackage = pathname.startsWith("/node_modules/");
        response.setHeader("cache-control", isPackage ? "max-age=3600" : "no-cache");
        response.end(text);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function fileOf(path: string, shopUrl: string): Promise<{ type: string; text: string }> {
  if (path === "/") {
    const page = await readFile(new URL("sdk/browser/index.html", root), "utf8");
    const currency = process.env.SHOP_CURRENCY || "EUR";
    const text = page
      .replace("http://127.0.0.1:50050", () => shopUrl)
      .replace("EUR", () => currency);
    return { type: "text/html", text };
  }
  if (!SERVED.test(path)) throw new Error("not served");
  const code = await readFile(new URL(path.slice(1), root), "utf8");
  const text = path.endsWith(".ts") ? stripTypeScriptTypes(code) : code;
  return { type: "text/javascript", text };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const shopUrl = process.env.SHOP_URL ?? "http://127.0.0.1:50050";
  const { origin } = await servePage({ port: PORT, shopUrl: () => shopUrl });
  console.log(`${origin} shows the shop at ${shopUrl}; Ctrl+C ends it`);
}
