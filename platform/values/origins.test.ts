import assert from "node:assert/strict";
import { parseOrigin } from "./origins.ts";

describe("an allowed origin", () => {
  for (const text of ["", "shop.example", "https://a.example/path", "https://u@a.example", "*"]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseOrigin(text), undefined));
  }
});
