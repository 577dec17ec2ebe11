/** What the rules cover besides the imports of each room, which rooms.ts lists. */

/** Folders in which each file must belong to a room. */
export const RULED_FOLDERS = [
  "services",
  "platform",
  "gateway",
  "simulators",
  "ops",
  "local",
  "tools",
  "testbed",
  "bench",
  "replay",
  "test",
];

/** Every unit test may import these besides what its room may. Others belong in test/. */
export const UNIT_TEST_MAY = ["node:**", "npm:fast-check"];

/** Rooms of the running shop, where the environment is read in a few named files only. */
export const ENVIRONMENT_BOUND = ["services/**", "platform/**", "gateway/**", "simulators/**"];

/** Configuration, what reads it for all services, and each main, which passes it on. */
export const ENVIRONMENT_READERS = [
  "services/*/config.ts",
  "services/*/main.ts",
  "gateway/config.ts",
  "gateway/main.ts",
  "simulators/*/config.ts",
  "simulators/*/main.ts",
  "platform/settings/settings.ts",
  "platform/settings/failpoint.ts",
];
