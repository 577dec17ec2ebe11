// What a shopper does to pay: follows a link, scans a QR code, or sends a form.

import { renderSVG } from "uqr";
import type { Payment } from "../../proto/gen/shop/pay/v1/pay_pb.ts";

export function showAction(action: Payment["action"]): HTMLElement {
  switch (action.case) {
    case "redirect":
      return link(action.value.url);
    case "qrCode":
      return code(action.value.text);
    case "form":
      return form(action.value);
    default:
      throw new Error("the payment is not open yet; try again");
  }
}

/** Opens in another tab, so that this one goes on watching the order. */
function link(url: string): HTMLElement {
  const element = document.createElement("a");
  return Object.assign(element, { href: url, target: "_blank", textContent: "Pay" });
}

function code(text: string): HTMLElement {
  const figure = document.createElement("figure");
  // Only squares: the text itself is not part of the drawing.
  figure.innerHTML = renderSVG(text, { ecc: "M", border: 2 });
  figure.firstElementChild?.setAttribute("width", "224");
  const caption = document.createElement("figcaption");
  caption.textContent = text;
  figure.append(caption);
  return figure;
}

function form({ url, fields }: { url: string; fields: Record<string, string> }): HTMLElement {
  const element = document.createElement("form");
  Object.assign(element, { method: "post", action: url, target: "_blank" });
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    element.append(Object.assign(input, { type: "hidden", name, value }));
  }
  const button = document.createElement("button");
  button.textContent = "Pay";
  element.append(button);
  return element;
}
