/**
 * Which room may import what: the whole of it, in one table.
 *
 * `files` and `may` are paths in the project, "node:name" or "npm:package"; `*` stands for anything but a slash, `**`
 * for anything, and `{service}` in `may` for the service that the file belongs to. "type " in front allows types only,
 * which are gone at run time. A file belongs to the first room that names it.
 */
export type Room = { rule: string; files: string[]; may: string[]; why: string };

const OWN = "services/{service}";

export const ROOMS: Room[] = [
  {
    rule: "domain",
    files: ["services/*/domain/**"],
    may: [`${OWN}/domain/**`, "platform/values/**"],
    why: "rules are pure: no clock, no input or output, no ORM, no messages",
  },
  {
    rule: "use-cases",
    files: ["services/*/use-cases/**"],
    may: [
      ...["use-cases/**", "domain/**", "store/**", "clients/**", "limits.ts"].map(own),
      ...["values", "db", "events"].map(platform),
      // The events that it publishes, with their timestamps.
      "proto/gen/shop/event/**",
      "npm:@bufbuild/protobuf",
      // To wait between two looks at a row.
      "node:timers/promises",
    ],
    why: "a use case knows neither rpc nor the process it runs in",
  },
  {
    rule: "store",
    files: ["services/*/store/**"],
    may: [
      ...["store/**", "domain/**"].map(own),
      ...["values", "db"].map(platform),
      "npm:@mikro-orm/core",
      "npm:@mikro-orm/migrations",
      "npm:@mikro-orm/mysql",
    ],
    why: "the store knows MySQL and the domain's types, nothing else",
  },
  {
    rule: "clients",
    files: ["services/*/clients/**"],
    may: [
      ...["clients/**", "limits.ts"].map(own),
      "type services/{service}/domain/**",
      ...["values", "rpc"].map(platform),
      "proto/gen/shop/**",
      "npm:@bufbuild/protobuf",
      "npm:@node-rs/argon2",
      // The signatures of payment platforms.
      "node:crypto",
    ],
    why: "clients know other services and foreign programs, not this service's rules and data",
  },
  {
    rule: "doors",
    files: ["services/*/rpc.ts", "services/*/consumers.ts"],
    may: [
      own("use-cases/**"),
      "type services/{service}/domain/**",
      "type services/{service}/clients/**",
      ...["values", "rpc", "events"].map(platform),
      // The parts that they hand on to the use cases.
      "type platform/db/**",
      "proto/gen/shop/**",
      "npm:@bufbuild/protobuf",
    ],
    why: "a door translates and calls a use case; it neither decides nor reads data",
  },
  {
    rule: "limits",
    files: ["services/*/limits.ts"],
    may: ["platform/values/**"],
    why: "limits are numbers that every room may look at",
  },
  {
    rule: "config",
    files: ["services/*/config.ts", "services/*/config.test.ts"],
    may: [
      own("limits.ts"),
      own("config.ts"),
      "platform/settings/**",
      "platform/values/**",
      "proto/services.ts",
    ],
    why: "the configuration is read before anything else exists",
  },
  {
    rule: "main",
    files: ["services/*/main.ts"],
    may: [`${OWN}/**`, "platform/**", "proto/gen/shop/**", "proto/services.ts"],
    why: "main joins the parts of its own service; other services are reached by rpc",
  },
  {
    rule: "gateway",
    files: ["gateway/**"],
    may: [
      "gateway/**",
      ...["values", "settings", "rpc", "http", "telemetry", "service"].map(platform),
      "proto/services.ts",
      "proto/gen/shop/**",
      "proto/gen/grpc/**",
      "npm:@bufbuild/protobuf",
      "npm:@connectrpc/connect",
      "npm:@connectrpc/connect-node",
      "npm:@grpc/grpc-js",
      "npm:cookie",
      "npm:cors",
      "npm:helmet",
      "npm:proxy-addr",
      "npm:rate-limiter-flexible",
      "node:**",
    ],
    why: "the edge has no rules and no data of its own",
  },
  {
    rule: "platform-values",
    files: ["platform/values/**"],
    may: [
      "platform/values/**",
      "proto/gen/shop/common/**",
      "npm:@bufbuild/protobuf",
      "node:crypto",
    ],
    why: "values are pure, so that the domain may use them",
  },
  {
    rule: "platform",
    files: ["platform/**"],
    may: ["platform/**", "proto/gen/shop/common/**", "npm:**", "node:**"],
    why: "the ground knows none of those who stand on it",
  },
];

/** A unit test has what its room has, and these: the rest belongs in test/. */
export const UNIT_TEST_MAY = ["node:**", "npm:fast-check"];

/** Files of these folders must each belong to a room. ops/, test/ and bench/ may import anything. */
export const RULED_FOLDERS = ["services", "platform", "gateway"];

/** Where the environment may be read: configuration, what reads it for all services, and main, which hands it over. */
export const ENVIRONMENT_READERS = [
  "services/*/config.ts",
  "services/*/main.ts",
  "gateway/config.ts",
  "gateway/main.ts",
  "platform/settings/settings.ts",
  "platform/settings/failpoint.ts",
];

function own(path: string): string {
  return `${OWN}/${path}`;
}

function platform(room: string): string {
  return `platform/${room}/**`;
}
