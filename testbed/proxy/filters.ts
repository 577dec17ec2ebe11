import { natsFrames } from "./nats-frames.ts";
import type { Filter, Packet, Way } from "./pipe.ts";

/**
 * Resets a connection once, before or after the n-th packet from now on; with `way`, only packets
 * of that way count. `done` returns whether the reset has happened.
 */
export function cutAtPacket(
  n: number,
  when: "before" | "after",
  way?: Way,
): { filter: Filter; done: () => boolean } {
  let passed = 0;
  const filter: Filter = (packet) => {
    if (way !== undefined && packet.way !== way) return "pass";
    passed += 1;
    if (passed !== n) return "pass";
    return when === "before" ? "reset" : "pass-then-reset";
  };
  return { filter, done: () => passed >= n };
}

/**
 * Lets matching requests arrive, and resets their connection in place of the reply, at most `times`
 * times: the caller cannot know whether the request had its effect. For protocols with one request
 * at a time, such as MySQL's.
 */
export function loseReplies(
  matches: (request: Buffer) => boolean,
  times = Number.POSITIVE_INFINITY,
): { filter: Filter; lost: () => number } {
  const waiting = new Set<number>();
  let lost = 0;
  const filter: Filter = ({ way, bytes, connection }) => {
    if (way === "request") {
      if (lost + waiting.size < times && matches(bytes)) waiting.add(connection);
      return "pass";
    }
    if (!waiting.delete(connection)) return "pass";
    lost += 1;
    return "reset";
  };
  return { filter, lost: () => lost };
}

const ENDS_WITH_COMMIT = /\Wcommit$/i;

/** Whether a packet of MySQL's protocol requests a COMMIT, alone or after other statements. */
export function isCommit(request: Buffer): boolean {
  return ENDS_WITH_COMMIT.test(request.toString("latin1", Math.max(0, request.length - 8)));
}

/** Decides what is sent in place of a frame that a program publishes. */
export type PublishRule = (frame: {
  subject: string;
  bytes: Buffer;
  /** Sends bytes later. */
  inject: (bytes: Buffer) => void;
}) => Buffer[];

/**
 * Applies the rule to each PUB and HPUB frame whose subject matches, on an edge from a service to
 * the broker. The rule returns what is sent instead: [bytes, bytes] duplicates the frame, [] holds
 * or loses it. Other frames pass.
 */
export function onPublish(subject: RegExp, rule: PublishRule): Filter {
  const parsers = new Map<number, ReturnType<typeof natsFrames>>();
  return (packet: Packet) => {
    if (packet.way === "reply") return "pass";
    const parser = parsers.get(packet.connection) ?? natsFrames();
    parsers.set(packet.connection, parser);
    return parser(packet.bytes).flatMap((frame) => {
      if (frame.subject === undefined || !subject.test(frame.subject)) return [frame.bytes];
      return rule({ subject: frame.subject, bytes: frame.bytes, inject: packet.inject });
    });
  };
}

/** Sends each frame `times` times. */
export function repeated(times: number): PublishRule {
  return ({ bytes }) => Array.from({ length: times }, () => bytes);
}

/**
 * Holds frames until `group` wait or the first has waited `longestMs`, then sends them in reverse
 * order.
 */
export function reversed(group: number, longestMs: number): PublishRule {
  let held: { bytes: Buffer; inject: (bytes: Buffer) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    clearTimeout(timer);
    timer = undefined;
    const releasing = held.reverse();
    held = [];
    for (const { bytes, inject } of releasing) inject(bytes);
  };
  return ({ bytes, inject }) => {
    held.push({ bytes, inject });
    timer ??= setTimeout(release, longestMs);
    if (held.length >= group) release();
    return [];
  };
}
