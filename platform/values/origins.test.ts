import assert from "node:assert/strict";
import { parseOrigin } from "./origins.ts";

describe("an allowed origin", () => {
  const texts = ["", "shop.example", "https://a.example/path", "https://u@a.example", "*"];
  for (const text of [...texts, "https://*", "https://*.a.example", "https://a*.example:*"]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseOrigin(text), undefined));
  }
});
