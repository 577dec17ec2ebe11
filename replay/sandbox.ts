import { Outage } from "#platform/values/refusal.ts";
import { CommandError } from "../ops/command/command.ts";
import {
  type SandboxControl,
  SandboxRefusal,
  sandboxControl,
} from "../simulators/sandbox/client.ts";

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * The sandbox provider, which throws an Outage where it does not answer, as the services' clients
 * do. Throws a CommandError where it does not answer now.
 */
export async function connectSandbox(url: string): Promise<Pick<SandboxControl, "pay" | "state">> {
  const control = sandboxControl(url);
  try {
    await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    throw new CommandError(
      `the sandbox provider does not answer at ${url}; start it with npm start, or set SHOP_SANDBOX_URL`,
      { cause: error },
    );
  }
  return {
    pay: (payment) => answered(url, () => control.pay(payment)),
    state: () => answered(url, () => control.state()),
  };
}

async function answered<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SandboxRefusal) throw error;
    throw new Outage(`the sandbox provider at ${url} does not answer`, { cause: error });
  }
}
