import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Data, logs, passwords and pid files of a run. */
export const dataDir = resolve(root, process.env.SHOP_DATA_DIR || ".shop");
export const recordFile = join(dataDir, "run.json");
/** Where private servers keep their data. */
export const serverDirectories = ["nats", "mariadb", "mysql"].map((name) => join(dataDir, name));
