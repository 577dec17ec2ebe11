import { styleText } from "node:util";
import { renderUnicodeCompact } from "uqr";
import { type Order, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";

/** Prints the steps of the demo as they happen, with the time since the previous line. */
export type Story = {
  /** Begins a numbered chapter. */
  chapter(title: string): void;
  line(text: string): void;
  /** Prints several lines as they are. */
  block(text: string): void;
};

const TIME_COLUMN = 92;

export function story(): Story {
  let number = 0;
  let previousMs = performance.now();
  return {
    block(text) {
      for (const line of text.split("\n")) console.log(`      ${line}`);
    },
    chapter(title) {
      number += 1;
      console.log(`\n${styleText("bold", `${String(number).padStart(2)}  ${title}`)}`);
    },
    line(text) {
      const nowMs = performance.now();
      const tookMs = Math.round(nowMs - previousMs);
      previousMs = nowMs;
      const indented = `      ${text}`;
      // A line that follows from the one before took no time.
      if (tookMs === 0) return console.log(indented);
      const took = `${tookMs} ms`;
      console.log(`${indented.padEnd(TIME_COLUMN - took.length)} ${styleText("dim", took)}`);
    },
  };
}

/** The state of an order for people: "confirmed, partially refunded". */
export function stateOf({
  orderStatus,
  payStatus,
}: Pick<Order, "orderStatus" | "payStatus">): string {
  return `${enumText(OrderStatus, orderStatus)}, ${enumText(PayStatus, payStatus)}`;
}

/**
 * A QR code of half-height blocks, light ones drawn: white on black on a terminal with colours.
 * Without them it can be scanned where light text stands on a dark background.
 */
export function qrCode(text: string): string {
  const drawn = renderUnicodeCompact(text, { ecc: "M", border: 2 });
  const lines = drawn.split("\n").map((line) => styleText(["whiteBright", "bgBlack"], line));
  return lines.join("\n");
}

/** The name of an enum's value for people: PARTIALLY_REFUNDED is "partially refunded". */
export function enumText(names: Record<string, number>, value: number): string {
  const found = Object.entries(names).find(([, number]) => number === value);
  return (found?.[0] ?? String(value)).toLowerCase().replaceAll("_", " ");
}
