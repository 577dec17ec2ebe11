import { digits } from "../base/ids.ts";
import type { KeyPair, Keys } from "../base/keys.ts";

/** The merchant's account, in public-key mode. */
export type Account = {
  appId: string;
  /** The seller's user id, which begins with 2088. */
  sellerId: string;
  /** What the merchant signs requests with. */
  merchant: KeyPair;
  /** Alipay's keys, the newest first. The older ones stay known after a rotation. */
  keys(): KeyPair[];
  rotate(): Promise<KeyPair>;
  /** Paths of key files by what they hold; after a rotation there are `alipayPublicKey2` and on. */
  files(): Record<string, string>;
};

const COUNT_FILE = "alipay-keys.txt";

export async function openAccount(keys: Keys): Promise<Account> {
  const nameOf = (index: number) => (index === 0 ? "alipay" : `alipay-${index + 1}`);
  const pair = (index: number) => keys.pair(nameOf(index));
  const line = (file: string, make: () => string) => keys.text(file, () => `${make()}\n`).trim();
  const count = Number(line(COUNT_FILE, () => "1"));
  const known = await Promise.all(Array.from({ length: count }, (_, index) => pair(index)));
  const newestFirst = known.reverse();
  return {
    appId: line("alipay-app-id.txt", () => `20210${digits(11)}`),
    sellerId: line("alipay-seller-id.txt", () => `2088${digits(12)}`),
    merchant: await keys.pair("alipay-merchant"),
    keys: () => newestFirst,
    async rotate() {
      const made = await pair(newestFirst.length);
      newestFirst.unshift(made);
      keys.write(COUNT_FILE, `${newestFirst.length}\n`);
      return made;
    },
    files() {
      const own = newestFirst.map((_, index) => {
        const number = index === 0 ? "" : String(index + 1);
        return [`alipayPublicKey${number}`, keys.path(`${nameOf(index)}-public.pem`)];
      });
      const merchantPrivateKey = keys.path("alipay-merchant-private.pem");
      return { merchantPrivateKey, ...Object.fromEntries(own) };
    },
  };
}
