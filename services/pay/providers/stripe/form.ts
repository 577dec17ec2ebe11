type Value = string | number | bigint | boolean | undefined;

/** The parameters of a call: values, lists and objects in each other. Undefined is left out. */
export type Params = { [name: string]: Value | Params | (Value | Params)[] };

/**
 * Parameters as the body of a POST or the query of a GET, in the form that Stripe's own libraries
 * send: `a[b][0]=c`, percent-encoded but for the brackets.
 */
export function encodeForm(params: Params): string {
  return pairs(params, "").join("&");
}

function pairs(value: Value | Params | (Value | Params)[], path: string): string[] {
  if (value === undefined) return [];
  if (typeof value !== "object") return [`${encode(path)}=${encode(String(value))}`];
  return Object.entries(value).flatMap(([name, inner]) =>
    pairs(inner, path === "" ? name : `${path}[${name}]`),
  );
}

const BRACKETS: Readonly<Record<string, string>> = { "%5B": "[", "%5D": "]" };

/** encodeURIComponent leaves `!'()*` as they are, which belong to the reserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%5[BD]/g, (code) => BRACKETS[code] as string);
}
