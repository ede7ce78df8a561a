// Who follows the queue: each reads a stream of events at its own pace. One that is slow misses some, and hears how many,
// so that nobody's slowness costs memory. It comes with a door by which a queue is followed.
import { utf8 } from "../../../core/bytes.ts";
import { type Answer, refuse } from "../../../core/errors.ts";
import type { QueueEvent } from "../../../core/metrics/queue-event.ts";
import { eventText, HEARTBEAT, HEARTBEAT_MS } from "../../../core/server-sent-event.ts";

/** Events that wait for a reader. */
const MOST_WAITING = 500;
const MOST_FOLLOWERS = 50;

export type EventStream = ReadableStream<Uint8Array>;

export type NewFollowers = new (changed: () => void) => Followers;

export class Followers {
  readonly #followers = new Set<Follower>();
  readonly #changed: () => void;
  #heartbeat: ReturnType<typeof setInterval> | null = null;

  /** `changed` is called when the first has come, or the last has gone. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get any(): boolean {
    return this.#followers.size > 0;
  }

  add(): Answer<EventStream> {
    if (this.#followers.size >= MOST_FOLLOWERS) {
      const message = `queue: found ${MOST_FOLLOWERS} who follow it, expected fewer`;
      return refuse("INVALID_REQUEST", message);
    }
    const follower = new Follower((gone) => this.#remove(gone));
    this.#followers.add(follower);
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
    if (this.#followers.size === 1) this.#changed();
    // A first word, so that its reader knows that it follows.
    follower.beat();
    return { ok: follower.stream };
  }

  tell(event: QueueEvent): void {
    const text = eventText({ event: event.event, data: event });
    for (const follower of this.#followers) follower.send(text, event.at);
  }

  #beat(): void {
    for (const follower of this.#followers) follower.beat();
  }

  #remove(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.any) return;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    this.#changed();
  }
}

class Follower {
  readonly stream: EventStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #left: () => void;
  readonly #waiting: string[] = [];
  #missed = 0;
  #missedAt = "";
  #isWriting = false;

  /** `left` is called when the reader has gone. */
  constructor(left: (follower: Follower) => void) {
    const { readable, writable } = new IdentityTransformStream();
    this.stream = readable;
    this.#writer = writable.getWriter();
    this.#left = () => left(this);
    this.#writer.closed.then(this.#left, this.#left);
  }

  send(text: string, at: string): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#missed++;
      this.#missedAt = at;
    } else this.#waiting.push(text);
    if (!this.#isWriting) void this.#write();
  }

  // A reader that does not read gets no queue of heartbeats.
  beat(): void {
    if (this.#isWriting) return;
    this.#waiting.push(HEARTBEAT);
    void this.#write();
  }

  // What waits goes at once; what was missed comes behind it, where it was.
  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) {
        const text = this.#waiting.splice(0).join("") + this.#missedText();
        await this.#writer.write(utf8(text));
      }
    } catch {
      this.#left();
    }
    this.#isWriting = false;
  }

  #missedText(): string {
    if (this.#missed === 0) return "";
    const data: QueueEvent = { event: "missed", at: this.#missedAt, count: this.#missed };
    this.#missed = 0;
    return eventText({ event: "missed", data });
  }
}
