import type { Log } from "#platform/telemetry/log.ts";
import { alarm } from "./alarm.ts";
import type { Clock } from "./clock.ts";
import type { Face } from "./face.ts";
import { HOLD_MS, MAX_CALLBACKS_IN_FLIGHT } from "./limits.ts";
import { dueNotices, type Notice, nextDueMs, recordAttempt } from "./notices.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

export type Dispatcher = {
  /** Looks for due work now. */
  nudge(): void;
  /** Sends nothing more, and waits for the callbacks under way. */
  stop(): Promise<void>;
};

type Parts = {
  face: Face;
  store: Store;
  clock: Clock;
  sender: Sender;
  schedulePercent: number;
  log: Log;
};

const HELD_CHECK_MS = 50;

/**
 * Does what is due for one face: expires trades, settles refunds, and sends notices until the
 * merchant has answered each. Its only state is the store: after a crash, what was under way is
 * sent again.
 */
export function startDispatcher(parts: Parts): Dispatcher {
  const { face, store, clock, log } = parts;
  const underWay = new Map<string, Promise<void>>();
  const nudger = createNudger(look, (error) => {
    log.error({ err: error }, "due work failed, retrying");
    timer.ringIn(HOLD_MS);
  });
  const timer = alarm(nudger.nudge);
  let heldSinceMs: number | undefined;

  async function look(): Promise<void> {
    const nowMs = clock.nowMs();
    await store.transact((sql) => face.catchUp(sql, nowMs));
    const faults = face.faults.current;
    if (nudger.isStopping() || faults.down) return;
    const limit = MAX_CALLBACKS_IN_FLIGHT + underWay.size;
    const due = dueNotices(store.read, face.name, { nowMs, limit }).filter(
      ({ id }) => !underWay.has(id),
    );
    if (faults.reorder > 1) {
      sendReordered(due);
    } else {
      for (const notice of due.slice(0, MAX_CALLBACKS_IN_FLIGHT - underWay.size)) begin([notice]);
    }
    const next = nextDueMs(store.read, face.name, nowMs);
    if (next !== undefined) timer.ringIn(next - nowMs);
  }

  function sendReordered(due: Notice[]): void {
    if (underWay.size > 0 || due.length === 0) return;
    heldSinceMs ??= Date.now();
    if (due.length < face.faults.current.reorder && Date.now() - heldSinceMs < HOLD_MS) {
      timer.ringIn(HELD_CHECK_MS);
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
      .then(nudger.nudge, (error) => {
        log.error({ err: error }, "outcome of a callback could not be stored, sending it again");
        timer.ringIn(HOLD_MS);
      })
      .finally(() => {
        for (const { id } of notices) underWay.delete(id);
      });
    for (const { id } of notices) underWay.set(id, running);
  }

  nudger.nudge();
  return {
    nudge: nudger.nudge,
    async stop() {
      timer.stop();
      await nudger.stop();
      await Promise.all(underWay.values());
    },
  };
}

/** Runs the work once at a time; a nudge during the work runs it once more afterwards. */
function createNudger(work: () => Promise<void>, onError: (error: unknown) => void) {
  let running: Promise<void> | undefined;
  let again = false;
  let stopping = false;
  function nudge(): void {
    if (stopping) return;
    again = running !== undefined;
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined;
        if (again) nudge();
      });
  }
  return {
    nudge,
    isStopping: () => stopping,
    async stop() {
      stopping = true;
      await running;
    },
  };
}

async function attempt(
  { face, store, clock, sender, schedulePercent, log }: Parts,
  notice: Notice,
): Promise<void> {
  const delivery = await sender.sendWithFaults(notice);
  const pauseMs = face.pausesMs[notice.attempts];
  const outcome = {
    ...delivery,
    nowMs: clock.nowMs(),
    pauseMs: pauseMs === undefined ? undefined : Math.ceil((pauseMs * schedulePercent) / 100),
  };
  await store.transact((sql) => recordAttempt(sql, notice, outcome));
  const { id, trade, type } = notice;
  log.info({ face: face.name, noticeId: id, trade, type, ...delivery }, "callback sent");
}
