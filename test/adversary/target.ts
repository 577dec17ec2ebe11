/** What an attack needs to know. It travels to the attacking process as JSON. */
export type Target = {
  port: number;
  /** The attacker's own address, another loopback address than the shoppers'. */
  from: string;
  goodsId: string;
  /** Signed-in users of the attacker, each with an order to watch. */
  accounts: { token: string; orderId: string }[];
};

/** The attacker and the shoppers differ by their loopback address. */
export const ATTACKER_ADDRESS = "127.0.0.9";
export const SHOPPER_ADDRESS = "127.0.0.2";
export const PROVIDER_ADDRESS = "127.0.0.3";
