import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { signText } from "../rsa.ts";
import { fetchAlipayStatement } from "./statement-file.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const PAST = "2020-01-01";
const FUTURE = "2999-01-01";
const MEMBER = "alipay_data_dataservice_bill_downloadurl_query_response";

describe("the statement file of Alipay", () => {
  let server: Server;
  let url: string;
  let fields: object;
  let signer = theirs.privateKey;
  let file: { status: number; body: string };

  before(async () => {
    server = createServer((request, response) => {
      if (request.url === "/file") return void response.writeHead(file.status).end(file.body);
      const inner = JSON.stringify(fields);
      const sign = signText(inner, signer);
      response.end(`{"${MEMBER}":${inner},"sign":"${sign}"}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const fetchDay = (day = PAST) =>
    fetchAlipayStatement(
      {
        appId: "2021004100000001",
        sellerId: "2088102146225135",
        privateKey: own.privateKey,
        alipayKeys: [theirs.publicKey],
        url: `${url}/gateway.do`,
        checkout: "redirect",
      },
      day,
    );

  it("is fetched from the address in a signed answer", async () => {
    fields = { code: "10000", bill_download_url: `${url}/file` };
    file = { status: 200, body: "a zip" };
    assert.equal(Buffer.from((await fetchDay()) as Uint8Array).toString(), "a zip");
    signer = own.privateKey;
    await assert.rejects(fetchDay(), /unsigned or wrongly/);
    signer = theirs.privateKey;
  });

  it("is refused without a web address, and where the file is gone", async () => {
    file = { status: 404, body: "" };
    await assert.rejects(fetchDay(), /with status 404/);
    for (const address of ["", "file:///etc/passwd", "ftp://127.0.0.1/file"]) {
      fields = { code: "10000", bill_download_url: address };
      await assert.rejects(fetchDay(), /alipay answered alipay.data/, address);
    }
  });

  it("is empty for a day without trades, and not made yet before its time", async () => {
    fields = { code: "40004", sub_code: "isp.bill_not_exist" };
    assert.equal(await fetchDay(), "empty");
    assert.equal(await fetchDay(FUTURE), "not_yet");
    fields = { code: "40004", sub_code: "isv.invalid-parameter" };
    await assert.rejects(fetchDay(), /invalid-parameter/);
  });
});
