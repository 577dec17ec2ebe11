import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readDocs } from "./docs.ts";

const DESCRIPTION = new URL("openapi.yaml", import.meta.url);

describe("the OpenAPI document and its page", () => {
  const docs = readDocs();
  const served = (path: string) => docs({ path }) ?? assert.fail(`${path} is not served`);
  const text = (path: string) => String(served(path).body);

  it("are served byte for byte, each with its type", () => {
    const { status, headers, body } = served("/openapi.yaml");
    assert.equal(status, 200);
    assert.equal(headers?.["content-type"], "application/yaml");
    assert.deepEqual(body, readFileSync(DESCRIPTION));
    assert.equal(served("/docs").headers?.["content-type"], "text/html; charset=utf-8");
    assert.deepEqual(served("/docs/"), served("/docs"));
  });

  it("load only files that the gateway serves", () => {
    const wanted = [...text("/docs").matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url);
    assert.equal(wanted.length, 4);
    for (const url of wanted) assert.equal(served(url ?? "").status, 200);
    assert.match(text("/docs/page.js"), /url: "\/openapi\.yaml"/);
    assert.doesNotMatch(text("/docs/page.js"), /https?:/);
  });

  it("limit the page to this gateway, without inline scripts", () => {
    const policy = served("/docs").headers?.["content-security-policy"] ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /connect-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/);
    assert.doesNotMatch(text("/docs"), /<script>|<style| on\w+=/);
  });

  it("give no access to other files", () => {
    const strange = [
      "/docs/docs.ts",
      "/docs/..%2fmain.ts",
      "/docs/../main.ts",
      "/docs//etc/passwd",
    ];
    const unknown = [
      "",
      "/",
      "/docs/index.html",
      "/openapi",
      "/docs/__proto__",
      "/docs/package.json",
    ];
    for (const path of [...strange, ...unknown]) assert.equal(docs({ path }), undefined, path);
  });

  it("are not sent again to a client that has the current version", () => {
    const { headers } = served("/docs/swagger-ui-bundle.js");
    const etag = headers?.etag ?? assert.fail();
    const ask = (ifNoneMatch: string) => docs({ path: "/docs/swagger-ui-bundle.js", ifNoneMatch });
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = ask(known);
      assert.equal(answer?.status, 304, known);
      assert.equal(answer.body, undefined);
      assert.equal(answer.headers?.etag, etag);
    }
    assert.equal(ask('"other"')?.status, 200);
    assert.notEqual(served("/docs/swagger-ui.css").headers?.etag, etag);
  });

  it("can only be read", () => {
    assert.equal(docs({ path: "/docs", method: "HEAD" })?.status, 200);
    const answer = docs({ path: "/docs", method: "POST" });
    assert.equal(answer?.status, 405);
    assert.equal(answer.headers?.allow, "GET, HEAD");
  });
});
