import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { FileFault, readRetail } from "./read-retail.ts";
import type { RetailLine } from "./retail-line.ts";

const header = "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country";
const first = "536365,85123A,WHITE HEART,6,2.55,17850,United Kingdom";
const guest = '536366,71053,"LANTERN, ""METAL""",1,3.39,,France';
const good = `${header}\n${first}\n${guest}\n`;

describe("the file of a replay", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jetshop-replay-"));
  });
  after(() => rm(directory, { recursive: true }));

  const read = async (contents: string | Buffer): Promise<RetailLine[]> => {
    const path = join(directory, "file");
    await writeFile(path, contents);
    return linesOf(path);
  };

  it("is read as plain text and as gzip, independent of its name", async () => {
    const plain = await read(good);
    assert.equal(plain.length, 2);
    assert.equal(plain[1]?.description, 'LANTERN, "METAL"');
    assert.equal(plain[1]?.customerId, "");
    assert.deepEqual(await read(gzipSync(good)), plain);
  });

  it("may have a byte order mark, CRLF line ends and more columns", async () => {
    const lines = [`${header},InvoiceDate`, `${first},12/1/2010 8:26`, `${guest},12/1/2010 8:28`];
    assert.equal((await read(`\ufeff${lines.join("\r\n")}`)).length, 2);
    assert.equal((await read(lines.join("\r"))).length, 2);
    assert.equal((await read(`${header}\r\n${first}\n${guest}\r\n`)).length, 2);
  });

  it("is refused with the line and the field that are wrong", async () => {
    const wrong: [string | Buffer, RegExp][] = [
      ["InvoiceNo,StockCode\n1,2\n", /has no column Description, Quantity, UnitPrice/],
      [`${good}1,2,3\n`, /line 4/],
      [`${header}\n${first}\n${first.replace("6,", "six,")}\n`, /line 3: Quantity must be/],
      [Buffer.from(`\ufeff${good}`, "utf16le"), /is UTF-16/],
      [Buffer.from(good, "utf16le"), /line 1 has a zero byte/],
      [Buffer.from(`${good}${first.replace("HEART", "CAFÉ")}\n`, "latin1"), /line 4 is not UTF-8/],
      [Buffer.from(`${good}${first.replace("HEART", "CAFÉ")}`, "latin1"), /line 4 is not UTF-8/],
      [gzipSync(Buffer.from(good.replace("LANTERN", "\xe9"), "latin1")), /line 3 is not UTF-8/],
      [good.replace("InvoiceNo", " InvoiceNo"), /has no column InvoiceNo/],
      [good.replace("Country", "Country,Quantity"), /has the column Quantity twice/],
      [`${header}\n${first.replace(",6,", ",1e3,")}\n`, /line 2: Quantity must be .*"1e3"/],
      [`${header}\n\n${first}\n`, /line 2/],
      [`${good}\n`, /line 4/],
      [`${header}\n${first.replace("2.55", "2.550")}\n`, /line 2: UnitPrice must be .*"2.550"/],
      [gzipSync(good.repeat(50)).subarray(0, 80), /is not a complete gzip file/],
      [Buffer.from([0x1f, 0x8b, 1, 2, 3]), /is not a complete gzip file/],
    ];
    for (const [contents, message] of wrong) {
      await assert.rejects(read(contents), (error: Error) => {
        assert.ok(error instanceof FileFault, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  });

  it("is refused with one line if it is missing or a directory", async () => {
    await assert.rejects(linesOf(join(directory, "none")), /^Error: there is no file/);
    await assert.rejects(linesOf(directory), /is a directory$/);
  });
});

function linesOf(path: string): Promise<RetailLine[]> {
  return Readable.from(readRetail(path)).toArray();
}
