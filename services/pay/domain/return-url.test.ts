import assert from "node:assert/strict";
import { parseReturnUrl } from "./return-url.ts";

const parse = (text: string) => parseReturnUrl(text, { max: 1_000 });

describe("parseReturnUrl", () => {
  const accepted: [text: string, href: string][] = [
    ["https://shop.example", "https://shop.example/"],
    ["https://shop.example:443/orders/7?x=1#y", "https://shop.example/orders/7?x=1#y"],
    ["https://SHOP.example/a/../b", "https://shop.example/b"],
    ["http://127.0.0.1:3000/back", "http://127.0.0.1:3000/back"],
    ["http://[::1]/", "http://[::1]/"],
    [
      "https://shop.example/\u6771\u4eac?\u{1f600}",
      "https://shop.example/%E6%9D%B1%E4%BA%AC?%F0%9F%98%80",
    ],
    ["https://shop.example?q=\u00fc#\u00df", "https://shop.example/?q=%C3%BC#%C3%9F"],
  ];
  for (const [text, href] of accepted) {
    it(`takes ${text}`, () => assert.equal(parse(text).url?.href, href));
  }

  const refused: [fault: RegExp, texts: string[]][] = [
    [
      /spaces, control characters or backslashes/,
      [
        "https://shop.example\\@evil.example/",
        "https://evil.example\\.shop.example/",
        "https://shop.example/\n",
        "https://shop.example/ x",
        "https://shop.example/\u3000",
        "https://shop.example/\u202e",
        "https://shop.example/\ud800",
      ],
    ],
    [
      /a URL that starts with https/,
      [
        "",
        "/orders/7",
        "//evil.example",
        "shop.example",
        "https:shop.example",
        "https:///",
        "javascript:alert(1)//https://shop.example",
        "data:text/html,x",
        "ftp://shop.example/",
      ],
    ],
    [/host in ASCII/, ["https://\u2024shop.example/", "https://sh\u043ep.example/"]],
    [
      /user name or a password/,
      [
        "https://shop.example@evil.example/",
        "https://user@shop.example/",
        "https://user:pw@shop.example/",
      ],
    ],
  ];
  for (const [fault, texts] of refused) {
    for (const text of texts) {
      it(`refuses ${JSON.stringify(text)} and says why`, () => {
        assert.match(parse(text).fault ?? "", fault);
      });
    }
  }

  it("limits the length of the percent-encoded form, and names that length", () => {
    const prefix = "https://shop.example/";
    const exact = (count: number) => prefix + "x".repeat(count - prefix.length);
    assert.equal(parse(exact(1_000)).url?.href.length, 1_000);
    assert.match(parse(exact(1_001)).fault ?? "", /at most 1000 characters; .* it has 1001/);
    const fault = parse(prefix + "\u6771".repeat(900)).fault ?? "";
    assert.match(fault, /at most 1000 characters; percent-encoded it has 8121$/);
    assert.equal(parse(prefix + "\u6771".repeat(100)).url?.href.length, 921);
  });
});
