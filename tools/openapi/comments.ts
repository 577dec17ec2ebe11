import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";
import { ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";

type Commented =
  | DescEnum
  | DescEnumValue
  | DescField
  | DescMessage
  | DescMethod
  | DescOneof
  | DescService;

/** The comment above an element as Markdown, one line per paragraph. "" if there is none. */
export function commentOf(element: Commented): string {
  const { leading = "" } = getComments(element);
  return leading
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s*\n\s*/g, " "))
    .filter((paragraph) => paragraph !== "")
    .join("\n\n")
    .replaceAll("<", "\\<");
}

/**
 * The first sentence of a method's comment without its full stop, up to a colon or semicolon.
 * Without a comment, the words of the method's name.
 */
export function summaryOf(method: DescMethod): string {
  const [first = ""] = commentOf(method).split(/(?<=\.)\s|[:;]\s/, 1);
  if (first !== "") return first.replace(/\.$/, "");
  const [head = "", ...rest] = method.name.split(/(?=[A-Z])/);
  return [head, ...rest.map((word) => word.toLowerCase())].join(" ");
}

/**
 * The reasons that a method's comment names, in the sequence of the contract. Throws for a name
 * that the contract does not have.
 */
export function reasonsOf(method: DescMethod): string[] {
  const named = new Set(commentOf(method).match(/\bREASON_[A-Z_]+/g));
  const known = ReasonSchema.values.map(({ name }) => name);
  const unknown = [...named].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `the comment of ${method} names ${unknown.join(", ")}; there is no such reason`,
    );
  }
  return known.filter((name) => named.has(name));
}
