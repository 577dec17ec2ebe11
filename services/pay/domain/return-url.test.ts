import assert from "node:assert/strict";
import { type Origin, parseOrigin } from "#platform/values/origins.ts";
import { allowedReturnUrl } from "./return-url.ts";

const origins = ["https://shop.example", "http://127.0.0.1:*", "https://pay.example:8443"].map(
  (text) => parseOrigin(text) as Origin,
);

describe("allowedReturnUrl", () => {
  const allowed: [text: string, href: string][] = [
    ["https://shop.example", "https://shop.example/"],
    ["https://shop.example:443/orders/7?x=1#y", "https://shop.example/orders/7?x=1#y"],
    ["https://SHOP.example/a/../b", "https://shop.example/b"],
    ["http://127.0.0.1:3000/back", "http://127.0.0.1:3000/back"],
    ["http://127.0.0.1/back", "http://127.0.0.1/back"],
    ["https://pay.example:8443/", "https://pay.example:8443/"],
  ];
  for (const [text, href] of allowed) {
    it(`allows ${text}`, () => assert.equal(allowedReturnUrl(text, origins), href));
  }

  for (const text of [
    "",
    "/orders/7",
    "//evil.example",
    "shop.example",
    "http://shop.example",
    "https://shop.example:444/",
    "https://shop.example.evil.example/",
    "https://evil.example/https://shop.example",
    "https://evil.example#https://shop.example",
    "https://shop.example@evil.example/",
    "https://user@shop.example/",
    "https://user:pw@shop.example/",
    "https://shop.example\\@evil.example/",
    "https://evil.example\\.shop.example/",
    "https://shop.example/\n",
    "https://shop.example/ x",
    "https://\u2024shop.example/",
    "https://pay.example/",
    "javascript:alert(1)//https://shop.example",
    "data:text/html,x",
    "ftp://shop.example/",
    "http://127.0.0.1.evil.example/",
    "http://[::1]/",
  ]) {
    it(`does not allow ${JSON.stringify(text)}`, () => {
      assert.equal(allowedReturnUrl(text, origins), undefined);
    });
  }
});
