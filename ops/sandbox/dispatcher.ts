import type { Log } from "#platform/process/log.ts";
import { mayNotify, type SandboxConfig } from "./config.ts";
import type { Courier, Delivery } from "./delivery.ts";
import { type Fake, fakeMessage, genuineMessage } from "./fakes.ts";
import type { Faults } from "./faults.ts";
import { HOLD_MS, MAX_CALLBACKS_IN_FLIGHT } from "./limits.ts";
import { dueNotices, type Notice, nextDueMs, recordAttempt, recordFake } from "./notices.ts";
import type { Store } from "./store.ts";

export type Dispatcher = {
  /** There may be something to send now. */
  nudge(): void;
  /** Sends now, past the schedule and the faults; what the shop answered. */
  send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery>;
  /** Waits for the callbacks that are under way. */
  stop(): Promise<void>;
};

type Parts = {
  store: Store;
  config: SandboxConfig;
  courier: Courier;
  /** As they are at the moment. */
  faults: () => Faults;
  log: Log;
};

/** A timer must not be longer than 24 days; nothing is lost by looking more often. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Sends the notices of the store when their time comes, until the shop has answered each. All that it needs to go on is
 * in the store: after a crash, what was under way is sent once more.
 */
export function startDispatcher({ store, config, courier, faults, log }: Parts): Dispatcher {
  const { secret, schedulePercent } = config;
  const underWay = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let wakeAtMs = 0;
  let stopping = false;
  let heldSinceMs: number | undefined;

  function look(): void {
    if (stopping || faults().down) return;
    const nowMs = Date.now();
    const due = dueNotices(store.read, nowMs, MAX_CALLBACKS_IN_FLIGHT + underWay.size).filter(
      ({ noticeId }) => !underWay.has(noticeId),
    );
    if (faults().reorder > 1) {
      sendReordered(due, nowMs);
    } else {
      for (const notice of due.slice(0, MAX_CALLBACKS_IN_FLIGHT - underWay.size)) begin([notice]);
    }
    const next = nextDueMs(store.read, nowMs);
    if (next !== undefined) wakeIn(next - nowMs);
  }

  function sendReordered(due: Notice[], nowMs: number): void {
    if (underWay.size > 0 || due.length === 0) return;
    heldSinceMs ??= nowMs;
    const heldMs = nowMs - heldSinceMs;
    if (due.length < faults().reorder && heldMs < HOLD_MS) {
      wakeIn(Math.min(HOLD_MS - heldMs, 50));
      return;
    }
    heldSinceMs = undefined;
    begin(due.reverse());
  }

  /** One after the other. */
  function begin(notices: Notice[]): void {
    const work = async () => {
      for (const notice of notices) {
        await attempt(notice);
        underWay.delete(notice.noticeId);
      }
      nudge();
    };
    const running = work().catch((error) => {
      log.error({ err: error }, "a callback's outcome could not be saved");
      for (const { noticeId } of notices) underWay.delete(noticeId);
      wakeIn(HOLD_MS);
    });
    for (const { noticeId } of notices) underWay.set(noticeId, running);
  }

  async function attempt(notice: Notice): Promise<void> {
    const delivery = await sendWithFaults(notice);
    const outcome = { ...delivery, nowMs: Date.now(), schedulePercent };
    await store.transact((sql) => recordAttempt(sql, notice, outcome));
    const { noticeId, merchantTradeId } = notice;
    log.info({ noticeId, merchantTradeId, ...delivery }, "callback");
  }

  async function sendWithFaults(notice: Notice): Promise<Delivery> {
    const wrong = faults();
    if (wrong.drop > 0) {
      wrong.drop -= 1;
      return { answered: false, answer: "dropped" };
    }
    for (const kind of wrong.forge) await send(notice, kind);
    const kind = wrong.tamper === "off" ? "genuine" : wrong.tamper;
    const copies = Array.from({ length: 1 + wrong.duplicate }, () => send(notice, kind));
    const deliveries = await Promise.all(copies);
    const answered = deliveries.find((delivery) => delivery.answered);
    // What is answered well but was not said by us is no answer.
    if (kind === "genuine" && answered) return answered;
    return { ...(deliveries[0] as Delivery), answered: false };
  }

  async function send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery> {
    const { notifyUrl, merchantTradeId } = notice;
    if (!mayNotify(config.notify, notifyUrl)) return { answered: false, answer: "not allowed" };
    const nowMs = Date.now();
    if (kind === "genuine") {
      return courier.deliver(notifyUrl, genuineMessage(notice, secret, nowMs));
    }
    const message = fakeMessage(kind, notice, { secret, nowMs, as });
    const delivery = await courier.deliver(notifyUrl, message);
    const { answer } = delivery;
    await store.transact((sql) => recordFake(sql, { merchantTradeId, kind, answer }));
    return delivery;
  }

  /** Sooner where somebody else asked for sooner. */
  function wakeIn(ms: number): void {
    const atMs = Date.now() + Math.min(Math.max(ms, 1), LONGEST_WAIT_MS);
    if (timer && wakeAtMs <= atMs) return;
    clearTimeout(timer);
    wakeAtMs = atMs;
    timer = setTimeout(() => {
      timer = undefined;
      look();
    }, atMs - Date.now());
  }

  let nudged = false;
  function nudge(): void {
    if (nudged) return;
    nudged = true;
    setImmediate(() => {
      nudged = false;
      look();
    });
  }

  nudge();
  return {
    nudge,
    send,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await Promise.all(underWay.values());
    },
  };
}
