import assert from "node:assert/strict";
import { isConflict, isOutage } from "./errors.ts";

const reported = (errno: number, sqlState: string) =>
  Object.assign(new Error("refused"), { errno, sqlState, code: "ER_ANY" });
const failed = (code: string) => Object.assign(new Error("lost"), { code, errno: -1 });

describe("errors of the database", () => {
  it("are outages where the server is being worked on", () => {
    const cases: [number, string][] = [
      [1044, "42000"],
      [1045, "28000"],
      [1142, "42000"],
      [1143, "42000"],
      [1227, "42000"],
      [1698, "28000"],
      [1040, "08004"],
      [1203, "42000"],
      [1226, "42000"],
      [1053, "08S01"],
      [1290, "HY000"],
      [1792, "25006"],
      [1836, "HY000"],
      [1146, "42S02"],
      [1049, "42000"],
      [1412, "HY000"],
      [1615, "HY000"],
      [1317, "70100"],
      [3024, "HY000"],
      [1969, "70100"],
      [4031, "HY000"],
      [3100, "HY000"],
      [1862, "HY000"],
      [3118, "HY000"],
      [1047, "08S01"],
      [3159, "HY000"],
      [1114, "HY000"],
    ];
    for (const [errno, state] of cases) {
      assert.ok(isOutage(reported(errno, state)), `${errno} of ${state} is an outage`);
    }
  });

  it("are outages where the connection, the name or TLS fails", () => {
    for (const code of [
      "ECONNREFUSED",
      "EAI_AGAIN",
      "ENOTFOUND",
      "PROTOCOL_CONNECTION_LOST",
      "HANDSHAKE_NO_SSL_SUPPORT",
      "AUTH_SWITCH_PLUGIN_ERROR",
      "CERT_HAS_EXPIRED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "ERR_SSL_WRONG_VERSION_NUMBER",
    ]) {
      assert.ok(isOutage(failed(code)), code);
    }
  });

  it("are no outages where the statement is at fault", () => {
    const cases: [number, string][] = [
      [1064, "42000"],
      [1054, "42S22"],
      [1406, "22001"],
      [1264, "22003"],
      [1690, "22003"],
      [1366, "22007"],
      [1366, "HY000"],
      [1048, "23000"],
      [1062, "23000"],
      [3819, "HY000"],
      [4025, "23000"],
      [1364, "HY000"],
      [1267, "HY000"],
    ];
    for (const [errno, state] of cases) {
      assert.ok(!isOutage(reported(errno, state)), `${errno} of ${state} is a fault`);
    }
    assert.ok(!isOutage(new Error("defect")));
    assert.ok(!isOutage(Object.assign(new Error("defect"), { code: "ERR_ASSERTION" })));
    assert.ok(!isOutage(Object.assign(new TypeError("defect"), { code: "ERR_INVALID_ARG_TYPE" })));
  });

  it("of concurrent transactions stay conflicts", () => {
    for (const errno of [1205, 1213, 1020]) {
      assert.ok(isConflict(reported(errno, "40001")) && !isOutage(reported(errno, "HY000")));
    }
  });
});
