import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { lastLine, run } from "./commands.ts";
import { keptSecret } from "./secrets.ts";
import { SetupError } from "./setup-error.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const answerWithinMs = 5_000;
const upWithinMs = 600_000;
const downWithinMs = 120_000;

export type Part = "mysql" | "nats";

type ComposeOptions = {
  dataDir: string;
  ports: Record<Part, number>;
  /** `stop` also removes the containers and their data. */
  throwAway: boolean;
  log: (line: string) => void;
  env?: NodeJS.ProcessEnv;
};

/** Whether an engine with `compose` answers. A client without one may hang until the timeout. */
export async function dockerAnswers(
  env: NodeJS.ProcessEnv,
  timeoutMs = answerWithinMs,
): Promise<boolean> {
  const options = { timeoutMs, env };
  const info = await run("docker", ["info", "--format", "{{.ServerVersion}}"], options);
  if (info.code !== 0 || info.stdout.trim() === "") return false;
  return (await run("docker", ["compose", "version"], options)).code === 0;
}

/** Starts one service of docker-compose.yml and resolves when its health check passes. */
export async function composeUp(
  part: Part,
  options: ComposeOptions,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const { dataDir, ports, log } = options;
  // Each data directory has containers and volumes of its own: two checkouts share no database.
  const project = `jetshop-${createHash("sha256").update(dataDir).digest("hex").slice(0, 10)}`;
  const secrets = { mysql: keptSecret(dataDir, "database"), nats: keptSecret(dataDir, "broker") };
  const env = {
    ...(options.env ?? process.env),
    SHOP_MYSQL_PORT: String(ports.mysql),
    SHOP_NATS_PORT: String(ports.nats),
    SHOP_MYSQL_PASSWORD: secrets.mysql,
    SHOP_NATS_PASSWORD: secrets.nats,
  };
  const compose = async (args: string[], timeoutMs: number) => {
    const all = [
      "compose",
      "--project-name",
      project,
      "--file",
      `${root}docker-compose.yml`,
      ...args,
    ];
    const done = await run("docker", all, { timeoutMs, env, log });
    if (done.code !== 0) {
      throw new SetupError(`docker compose ${args[0]} ${part}: ${lastLine(done)}`);
    }
  };
  await compose(["up", "--detach", "--wait", part], upWithinMs);
  const user = part === "mysql" ? "root" : "shop";
  return {
    url: `${part}://${user}:${secrets[part]}@127.0.0.1:${ports[part]}`,
    stop: () =>
      options.throwAway
        ? compose(["down", "--volumes"], downWithinMs)
        : compose(["stop", part], downWithinMs),
  };
}
