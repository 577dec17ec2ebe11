import type { DescEnum, DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { commentOf } from "./comments.ts";
import type { Json } from "./json.ts";
import { mapKeys, scalarSchema, wellKnownSchema } from "./scalars.ts";

/**
 * Collects JSON schemas of messages and enums, and of all types that they use, in the form of the
 * protobuf JSON mapping.
 */
export class Schemas {
  readonly #found = new Map<string, Json>();

  refer(type: DescMessage | DescEnum): Json {
    const name = type.typeName;
    if (!this.#found.has(name)) {
      // Set before its fields are visited, because a message may contain itself.
      this.#found.set(name, {});
      this.#found.set(name, type.kind === "enum" ? enumSchema(type) : this.#message(type));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  components(): Json {
    const byName = [...this.#found].sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(byName);
  }

  #message(message: DescMessage): Json {
    const properties = message.fields.map((field) => [field.jsonName, this.#field(field)] as const);
    return {
      type: "object",
      ...described(commentOf(message)),
      properties: Object.fromEntries(properties),
      ...atMostOne(message.oneofs),
      additionalProperties: false,
    };
  }

  #field(field: DescField): Json {
    return { ...this.#value(field), ...described(fieldDescription(field)) };
  }

  #value(field: DescField): Json {
    switch (field.fieldKind) {
      case "list":
        return { type: "array", items: this.#single(field) };
      case "map":
        return {
          type: "object",
          ...mapKeys(field.mapKey),
          additionalProperties: this.#single(field),
        };
      default:
        return this.#single(field);
    }
  }

  #single(field: DescField): Json {
    if (field.scalar !== undefined) return scalarSchema(field.scalar);
    if (field.enum) return this.refer(field.enum);
    if (!field.message) throw new Error(`${field} has no type`);
    return wellKnownSchema(field.message) ?? this.refer(field.message);
  }
}

function enumSchema(type: DescEnum): Json {
  const meanings = type.values
    .map((value) => ({ name: value.name, comment: commentOf(value) }))
    .filter(({ comment }) => comment !== "")
    .map(({ name, comment }) => `- \`${name}\`: ${comment}`);
  const description = [commentOf(type), meanings.join("\n")].filter((part) => part !== "");
  return {
    type: "string",
    ...described(description.join("\n\n")),
    enum: type.values.map(({ name }) => name),
  };
}

function fieldDescription(field: DescField): string {
  const others = oneofOf(field)?.fields.filter((other) => other !== field) ?? [];
  if (others.length === 0) return commentOf(field);
  const names = others.map(({ jsonName }) => `\`${jsonName}\``).join(", ");
  return `${commentOf(field)} Not together with ${names}.`.trim();
}

/** The oneof of a field. Undefined for the synthetic one that represents `optional`. */
function oneofOf(field: DescField): DescOneof | undefined {
  return field.fieldKind === "list" || field.fieldKind === "map" ? undefined : field.oneof;
}

function atMostOne(oneofs: readonly DescOneof[]): Json {
  const groups = oneofs.map(({ fields }) => {
    const each = fields.map(({ jsonName }) => ({ required: [jsonName] }));
    return { oneOf: [...each, { not: { anyOf: each } }] };
  });
  return groups.length === 0 ? {} : { allOf: groups };
}

function described(description: string): Json {
  return description === "" ? {} : { description };
}
