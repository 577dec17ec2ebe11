// `npm run page`: serves the shop page without a bundler. Node strips the types of .ts files on
// request.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { shopCurrency } from "#platform/settings/currency.ts";
import { ListenError } from "#platform/values/listen-error.ts";
import { ExitCode, runCommand } from "../../ops/command/command.ts";
import { wholeNumber } from "../../ops/command/options.ts";
import { commandSettings, gatewayUrl } from "../../ops/command/settings.ts";

const root = new URL("../../", import.meta.url);
const DEFAULT_PORT = 8_080;

/** The files that are served. No other file of the project is. */
const SERVED =
  /^\/(sdk\/browser|proto\/gen|platform\/values|node_modules\/((@bufbuild\/protobuf|@connectrpc\/connect(-web)?)\/dist\/esm|uqr\/dist))\/([\w-]+\/)*[\w.-]+\.(js|mjs|ts)$/;

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
    server.once("error", (error) => reject(new ListenError(`127.0.0.1:${options.port}`, error)));
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

/** Serves on the usual port, or on one that the system chooses where another program has it. */
async function serveOnFreePort(shopUrl: string): Promise<PageServer> {
  try {
    return await servePage({ port: DEFAULT_PORT, shopUrl: () => shopUrl });
  } catch (error) {
    if (!(error instanceof ListenError) || error.code !== "EADDRINUSE") throw error;
    return servePage({ port: 0, shopUrl: () => shopUrl });
  }
}

if (import.meta.main) {
  await runCommand({
    name: "page",
    summary: "Serves the example page for browsers until Ctrl-C.",
    options: {
      port: {
        type: "string",
        value: "N",
        help: `port on this machine (default ${DEFAULT_PORT}, or a free one if that is in use)`,
      },
    },
    notes: [
      "Settings: SHOP_URL, the gateway (default: that of a running npm start), SHOP_CURRENCY.",
    ],
    async run({ values }) {
      const port = wholeNumber("--port", values.port, { min: 1, max: 65_535 });
      const shop = commandSettings((read) => ({
        url: gatewayUrl(read),
        currency: shopCurrency(read),
      }));
      process.env.SHOP_CURRENCY = shop.currency;
      const page =
        port === undefined
          ? await serveOnFreePort(shop.url)
          : await servePage({ port, shopUrl: () => shop.url });
      console.log(`${page.origin} shows the shop at ${shop.url}; Ctrl-C ends it`);
      return ExitCode.DONE;
    },
  });
}
