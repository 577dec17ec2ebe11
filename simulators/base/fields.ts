/**
 * The fields of a request as a flat map, from JSON ("amount.total") or a form
 * ("line_items[0][quantity]"). Values keep their JSON type; in a form, all are strings.
 */
export type Fields = Record<string, string | number | boolean>;

/** What one field may hold. Lengths are characters. */
export type Rule = {
  type: "text" | "integer" | "flag";
  required?: boolean;
  min?: number;
  max?: number;
  pattern?: RegExp;
  choices?: readonly string[];
};

type FieldFault = { path: string; kind: "unknown" | "missing" | "invalid"; text: string };

/** Rules by path. `#` stands for an index of a list, a final `*` for any name of one level. */
export type Spec = Record<string, Rule>;

export const text = (max: number, more: Partial<Rule> = {}): Rule => ({
  type: "text",
  max,
  ...more,
});
export const integer = (min: number, max: number, more: Partial<Rule> = {}): Rule => {
  return { type: "integer", min, max, ...more };
};
export const required = (rule: Rule): Rule => ({ ...rule, required: true });

/** Flattens JSON into paths with dots; elements of lists are numbered. Null counts as absent. */
export function flatten(value: unknown, prefix = ""): Fields {
  const fields: Fields = {};
  for (const [name, entry] of Object.entries(value as object)) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (entry === null || entry === undefined) continue;
    if (typeof entry === "object") Object.assign(fields, flatten(entry, path));
    else fields[path] = entry as string | number | boolean;
  }
  return fields;
}

/** The first field that the rules refuse; undefined if they accept all. */
export function fieldFault(fields: Fields, spec: Spec): FieldFault | undefined {
  for (const [path, value] of Object.entries(fields)) {
    const rule = ruleOf(spec, path);
    if (!rule) return { path, kind: "unknown", text: "the field does not exist" };
    const fault = valueFault(value, rule);
    if (fault !== undefined) return { path, kind: "invalid", text: fault };
  }
  const absent = Object.entries(spec).find(([path, rule]) => {
    return rule.required && fields[path] === undefined;
  });
  return absent && { path: absent[0], kind: "missing", text: "the field is missing" };
}

/** The rule for a path; undefined if there is none. */
export function ruleOf(spec: Spec, path: string): Rule | undefined {
  if (Object.hasOwn(spec, path)) return spec[path];
  const numbered = path.replaceAll(/(?<=\[)\d+(?=\])|(?<=\.)\d+(?=\.|$)/g, "#");
  if (Object.hasOwn(spec, numbered)) return spec[numbered];
  return spec[path.replace(/(\[|\.)[^[\].]+(\]?)$/, "$1*$2")];
}

function valueFault(value: string | number | boolean, rule: Rule): string | undefined {
  const { type, min = 0, max = Number.MAX_SAFE_INTEGER, pattern, choices } = rule;
  if (type === "integer") {
    const ok = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return ok ? undefined : `must be an integer from ${min} to ${max}`;
  }
  if (type === "flag") return typeof value === "boolean" ? undefined : "must be true or false";
  if (typeof value !== "string") return "must be a string";
  const length = [...value].length;
  if (length < Math.max(min, rule.required ? 1 : 0)) return "is too short";
  if (length > max) return `has more than ${max} characters`;
  if (choices && !choices.includes(value)) return `must be one of ${choices.join(", ")}`;
  return pattern && !pattern.test(value) ? `must match ${pattern}` : undefined;
}

/** A text field; "" where it is absent. */
export function textOf(fields: Fields, path: string): string {
  return String(fields[path] ?? "");
}
