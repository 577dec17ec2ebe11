import type { Log } from "#platform/telemetry/log.ts";
import { alarm } from "../base/alarm.ts";
import type { Faults } from "./faults.ts";
import { HOLD_MS, MAX_CALLBACKS_IN_FLIGHT } from "./limits.ts";
import { dueNotices, type Notice, nextDueMs, recordAttempt } from "./notices.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

export type Dispatcher = {
  /** Looks for due notices now. */
  nudge(): void;
  /** Sends nothing more, and waits for the callbacks under way. */
  stop(): Promise<void>;
};

type Parts = {
  store: Store;
  sender: Sender;
  schedulePercent: number;
  /** The current faults. */
  faults: () => Faults;
  log: Log;
};

const HELD_CHECK_MS = 50;

/**
 * Sends stored notices when they are due, until the merchant has answered each. Its only state is
 * the store: after a crash, what was under way is sent again.
 */
export function startDispatcher(parts: Parts): Dispatcher {
  const { store, faults, log } = parts;
  const underWay = new Map<string, Promise<void>>();
  const clock = alarm(look);
  let stopping = false;
  let nudged = false;
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
    if (next !== undefined) clock.ringIn(next - nowMs);
  }

  function sendReordered(due: Notice[], nowMs: number): void {
    if (underWay.size > 0 || due.length === 0) return;
    heldSinceMs ??= nowMs;
    if (due.length < faults().reorder && nowMs - heldSinceMs < HOLD_MS) {
      clock.ringIn(HELD_CHECK_MS);
      return;
    }
    heldSinceMs = undefined;
    begin(due.reverse());
  }

  /** Sends these notices one after the other, then looks for others. */
  function begin(notices: Notice[]): void {
    const work = async () => {
      for (const notice of notices) await attempt(parts, notice);
    };
    const running = work()
      .then(nudge, (error) => {
        log.error({ err: error }, "outcome of a callback could not be stored, sending it again");
        clock.ringIn(HOLD_MS);
      })
      .finally(() => {
        for (const { noticeId } of notices) underWay.delete(noticeId);
      });
    for (const { noticeId } of notices) underWay.set(noticeId, running);
  }

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
    async stop() {
      stopping = true;
      clock.stop();
      await Promise.all(underWay.values());
    },
  };
}

async function attempt({ store, sender, schedulePercent, log }: Parts, notice: Notice) {
  const delivery = await sender.sendWithFaults(notice);
  const outcome = { ...delivery, nowMs: Date.now(), schedulePercent };
  await store.transact((sql) => recordAttempt(sql, notice, outcome));
  const { noticeId, merchantTradeId } = notice;
  log.info({ noticeId, merchantTradeId, ...delivery }, "callback sent");
}
