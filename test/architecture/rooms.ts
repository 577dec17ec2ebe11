/**
 * Which room may import what, for every folder of the repository, in one table.
 *
 * `files` and `may` are paths in the project, "node:name" or "npm:package". `*` matches anything
 * but a slash, `**` matches anything, and `{service}` in `may` is the service that the file belongs
 * to. The prefix "type " allows types only, which are erased at run time. A file belongs to the
 * first room that names it.
 */
export type Room = {
  rule: string;
  files: string[];
  may: string[];
  /** What the room's unit tests, the `*.test.ts` beside the code, may import besides `may`. */
  testsMay?: string[];
  why: string;
};

const OWN = "services/{service}";
const NODE = "node:**";
const NPM = "npm:**";
const CONTRACT = "proto/**";
/** The contract's common package: what every service serves, and the options of the methods. */
const COMMON = "proto/gen/shop/common/**";
const EVENTS = "proto/gen/shop/event/**";
const GENERATED = "proto/gen/shop/**";
/** The lists of the contract's services and events. */
const LISTS = "proto/*.ts";
const PROTOBUF = "npm:@bufbuild/protobuf";

const SERVICES: Room[] = [
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
      // The interface of a provider; the providers themselves are wired by main.
      own("providers/*.ts"),
      ...["values", "db", "events"].map(platform),
      // The events that the service publishes, with their timestamps.
      EVENTS,
      "proto/events.ts",
      PROTOBUF,
      "npm:p-map",
      "node:timers/promises",
      // Passwords, refresh tokens and the limit on wrong passwords.
      "node:crypto",
      "npm:@node-rs/argon2",
      "npm:rate-limiter-flexible",
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
      GENERATED,
      PROTOBUF,
    ],
    why: "a client calls another service; it knows neither this service's rules nor its data",
  },
  {
    rule: "config",
    files: [
      "services/*/config.ts",
      "services/*/config.test.ts",
      "services/*/providers/*/config.ts",
      "services/*/providers/*/config.test.ts",
      "services/*/providers/settings.ts",
    ],
    may: [
      ...["limits.ts", "config.ts", "providers/*/config.ts", "providers/settings.ts"].map(own),
      // The providers are made from their settings as soon as those are read.
      ...["providers/configured.ts", "providers/provider.ts"].map(own),
      // The currencies that a provider takes.
      own("providers/*/amounts.ts"),
      ...["settings", "values"].map(platform),
      LISTS,
      // Checks the keys of providers.
      "node:crypto",
    ],
    testsMay: ["node:fs", "node:os", "node:path"],
    why: "the configuration is read before anything else exists",
  },
  {
    rule: "providers",
    files: ["services/pay/providers/**"],
    may: [
      ...["providers/**", "limits.ts"].map(own),
      "type services/{service}/domain/**",
      "type platform/settings/**",
      ...["values", "http"].map(platform),
      // The headers of callbacks, which the gateway passes on.
      LISTS,
      // Signatures of requests and callbacks.
      "node:crypto",
      // Pauses before a call that met another one is repeated.
      "node:timers/promises",
      // Statements are compressed.
      "node:zlib",
      "npm:fflate",
    ],
    // Writes statements in GBK.
    testsMay: ["npm:iconv-lite"],
    why: "a provider speaks one foreign protocol; it knows neither this service's rules nor its data",
  },
  {
    rule: "doors",
    files: ["services/*/rpc.ts", "services/*/consumers.ts"],
    may: [
      own("use-cases/**"),
      "type services/{service}/domain/**",
      "type services/{service}/clients/**",
      ...["values", "rpc", "events"].map(platform),
      // The parts that a door passes to the use cases.
      "type platform/db/**",
      GENERATED,
      "proto/events.ts",
      PROTOBUF,
    ],
    why: "a door translates and calls a use case; it neither decides nor reads data",
  },
  {
    rule: "limits",
    files: ["services/*/limits.ts"],
    may: ["platform/values/**"],
    why: "limits are numbers that every room may read",
  },
  {
    rule: "main",
    files: ["services/*/main.ts"],
    may: [`${OWN}/**`, "platform/**", GENERATED, LISTS],
    why: "main wires its own service together; other services are reached by rpc",
  },
];

const PLATFORM: Room[] = [
  {
    rule: "platform-values",
    files: ["platform/values/**"],
    may: ["platform/values/**", COMMON, PROTOBUF, "node:crypto", "npm:libphonenumber-js"],
    why: "values are pure, so that the domain may use them",
  },
  {
    rule: "platform-settings",
    files: ["platform/settings/**"],
    may: [...["settings", "values"].map(platform), NODE],
    why: "settings are read before anything else exists",
  },
  {
    rule: "platform-telemetry",
    files: ["platform/telemetry/**"],
    may: [...["telemetry", "settings", "values"].map(platform), NODE, NPM],
    why: "every room above reports through telemetry, so telemetry knows none of them",
  },
  {
    rule: "platform-db",
    files: ["platform/db/**"],
    may: [...["db", "telemetry", "settings", "values"].map(platform), NODE, NPM],
    why: "the database layer knows neither events nor calls",
  },
  {
    rule: "platform-rpc",
    files: ["platform/rpc/**"],
    may: [
      ...["rpc", "telemetry", "settings", "values"].map(platform),
      COMMON,
      "proto/gen/google/**",
      "proto/gen/grpc/**",
      NODE,
      NPM,
    ],
    why: "calls know neither the database nor events",
  },
  {
    rule: "platform-http",
    files: ["platform/http/**"],
    may: [...["http", "telemetry", "settings", "values"].map(platform), NODE, NPM],
    why: "the HTTP server knows neither calls, events nor the database",
  },
  {
    rule: "platform-events",
    files: ["platform/events/**"],
    may: [
      ...["events", "db", "rpc", "telemetry", "settings", "values"].map(platform),
      COMMON,
      NODE,
      NPM,
    ],
    why: "events rest on the database and on calls; the events of the shop are passed in",
  },
  {
    rule: "platform-service",
    files: ["platform/service/**"],
    may: ["platform/**", COMMON, NODE, NPM],
    why: "the platform knows none of the services that stand on it",
  },
];

const EDGE: Room[] = [
  {
    rule: "gateway",
    files: ["gateway/**"],
    may: [
      "gateway/**",
      ...["values", "settings", "telemetry", "rpc", "http", "service"].map(platform),
      CONTRACT,
      PROTOBUF,
      "npm:@connectrpc/connect",
      "npm:@connectrpc/connect-node",
      "npm:@grpc/grpc-js",
      "npm:cookie",
      "npm:cors",
      "npm:helmet",
      // Networks that are remembered: those cut off, and those of providers.
      "npm:lru-cache",
      "npm:proxy-addr",
      "npm:rate-limiter-flexible",
      NODE,
    ],
    why: "the edge has no rules and no data of its own",
  },
  {
    rule: "simulators",
    files: ["simulators/**"],
    may: [
      "simulators/**",
      ...["values", "settings", "telemetry", "http"].map(platform),
      // Runs the program: signals, exit codes, faulty settings.
      "platform/service/run.ts",
      // The QR codes of checkout pages.
      "npm:uqr",
      // Alipay's statements are GBK.
      "npm:iconv-lite",
      NODE,
    ],
    why: "a simulator is a program of its own that shares no code with the services",
  },
];

const WORKSHOP: Room[] = [
  {
    rule: "ops",
    files: ["ops/**"],
    may: ["ops/**", "services/**", "simulators/**", "platform/**", CONTRACT, NODE, NPM],
    why: "an operator's command needs the shop, never the tools that develop it",
  },
  {
    rule: "local",
    files: ["local/**"],
    may: [
      "local/**",
      "ops/**",
      "services/**",
      "gateway/**",
      "simulators/**",
      "platform/**",
      CONTRACT,
      NODE,
      NPM,
    ],
    why: "npm start brings up the shop and needs neither tests nor benchmarks",
  },
  {
    rule: "tools",
    files: ["tools/**"],
    // Chores are commands too: arguments, usage text and exit codes stand in ops/command.
    may: [
      "tools/**",
      "ops/command/**",
      "platform/**",
      // The limits and names that the description of the gateway's JSON interface states.
      "gateway/limits.ts",
      "gateway/sessions.ts",
      CONTRACT,
      NODE,
      NPM,
    ],
    testsMay: ["testbed/**"],
    why: "a chore of the repository runs without the shop",
  },
  {
    rule: "testbed",
    files: ["testbed/**"],
    may: [
      "testbed/**",
      "local/**",
      "ops/**",
      "tools/**",
      "services/**",
      "gateway/**",
      "simulators/**",
      "platform/**",
      CONTRACT,
      NODE,
      NPM,
    ],
    why: "tests, replay and benchmarks stand on the testbed, so it knows none of them",
  },
  ...["bench", "replay", "test"].map(onTestbed),
];

/** Rooms in the order in which a file looks for its own. */
export const ROOMS: Room[] = [...SERVICES, ...PLATFORM, ...EDGE, ...WORKSHOP];

/** bench, replay and test share the testbed and never import each other. */
function onTestbed(folder: string): Room {
  const rooms = ["testbed", "local", "ops", "tools", "services", "gateway", "simulators"];
  return {
    rule: folder,
    files: [`${folder}/**`],
    may: [
      ...[folder, ...rooms, "platform", "sdk"].map((room) => `${room}/**`),
      CONTRACT,
      NODE,
      NPM,
    ],
    why: "bench, replay and test share the testbed and never import each other",
  };
}

function own(path: string): string {
  return `${OWN}/${path}`;
}

function platform(room: string): string {
  return `platform/${room}/**`;
}
