import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { signText } from "../rsa.ts";
import { fetchWechatpayStatement } from "./statement-file.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const SERIAL = "PUB_KEY_ID_01";
const TEXT = "a statement";
const PAST = "2020-01-01";
const FUTURE = "2999-01-01";

describe("the statement file of WeChat Pay", () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: object; signed?: boolean };
  let file: Buffer;
  const requests: { path: string; authorized: boolean }[] = [];

  before(async () => {
    server = createServer(({ url: path = "", headers }, response) => {
      requests.push({ path, authorized: (headers.authorization ?? "").startsWith("WECHATPAY2") });
      if (path.startsWith("/v3/billdownload/")) return void response.end(file);
      const body = JSON.stringify(answer.body);
      const timestamp = Math.floor(Date.now() / 1_000);
      const signature = signText(`${timestamp}\nn\n${body}\n`, theirs.privateKey);
      if (answer.signed !== false) {
        response.setHeader("wechatpay-serial", SERIAL);
        response.setHeader("wechatpay-timestamp", timestamp);
        response.setHeader("wechatpay-nonce", "n");
        response.setHeader("wechatpay-signature", signature);
      }
      response.writeHead(answer.status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const fetchDay = (day = PAST) =>
    fetchWechatpayStatement(
      {
        mchid: "1600000000",
        appid: "wx8888888888888888",
        merchantSerial: "5157F09EFDC096DE",
        privateKey: own.privateKey,
        apiV3Keys: [],
        verifyKeys: new Map([[SERIAL, theirs.publicKey]]),
        url,
      },
      day,
    );
  const link = (changes: object = {}) => ({
    hash_type: "SHA1",
    hash_value: createHash("sha1").update(TEXT).digest("hex"),
    download_url: "https://elsewhere.example/v3/billdownload/file?token=t",
    ...changes,
  });

  it("is fetched from the API's own origin, and its hash is that of the text", async () => {
    file = gzipSync(TEXT);
    answer = { status: 200, body: link() };
    assert.deepEqual(await fetchDay(), file);
    assert.deepEqual(requests, [
      {
        path: "/v3/bill/tradebill?bill_date=2020-01-01&bill_type=ALL&tar_type=GZIP",
        authorized: true,
      },
      { path: "/v3/billdownload/file?token=t", authorized: true },
    ]);
  });

  it("is refused if its hash differs, it is damaged, or the answer is not signed", async () => {
    file = gzipSync(TEXT);
    answer = { status: 200, body: link({ hash_value: "00" }) };
    await assert.rejects(fetchDay(), /a statement with the hash .* instead of 00/);
    answer = { status: 200, body: link({ hash_type: "MD5" }) };
    await assert.rejects(fetchDay(), /wechatpay answered GET/);
    answer = { status: 200, body: link({ download_url: "" }) };
    await assert.rejects(fetchDay(), /wechatpay answered GET/);
    answer = { status: 200, body: link(), signed: false };
    await assert.rejects(fetchDay(), /wechatpay answered GET/);
    answer = { status: 200, body: link() };
    file = gzipSync(TEXT).subarray(0, 20);
    await assert.rejects(fetchDay(), /the gzip file cannot be read/);
  });

  it("is empty for a day without trades, and not made yet before its time", async () => {
    const fails = (code: string) => ({ status: 400, body: { code, message: "" } });
    answer = fails("NO_STATEMENT_EXIST");
    assert.equal(await fetchDay(), "empty");
    answer = fails("STATEMENT_CREATING");
    assert.equal(await fetchDay(), "not_yet");
    answer = fails("INVALID_REQUEST");
    assert.equal(await fetchDay(FUTURE), "not_yet");
    await assert.rejects(fetchDay(), /INVALID_REQUEST/);
  });
});
