// Mocha adds the files of the command line to `spec`. A run that names files runs only those.
const named = process.argv.slice(2).some((argument) => argument.endsWith(".test.ts"));

// The longest first, so that none of them runs alone at the end.
const longest = "pay|pay-races|order-faults|order-paid|sdk|browser|gateway";

const everything = [
  `test/integration/@(${longest})/**/*.test.ts`,
  "test/fault/**/*.test.ts",
  "platform/**/*.test.ts",
  "services/**/*.test.ts",
  "gateway/**/*.test.ts",
  "ops/**/*.test.ts",
  "local/**/*.test.ts",
  "simulators/**/*.test.ts",
  "tools/**/*.test.ts",
  "testbed/**/*.test.ts",
  "replay/**/*.test.ts",
  "bench/**/*.test.ts",
  `test/integration/!(${longest})/**/*.test.ts`,
  "test/integration/*.test.ts",
  "test/!(integration|fault|fixtures)/**/*.test.ts",
  "test/*.test.ts",
];

module.exports = {
  require: ["./testbed/mocha.ts"],
  spec: named ? [] : everything,
  ignore: ["test/fixtures/**"],
  "forbid-only": true,
  "forbid-pending": true,
  // Files side by side: they mostly wait, for a lease, a deadline or a process that starts again.
  parallel: !named,
  jobs: 3,
  timeout: 20_000,
  slow: 2_000,
};
