// One reader of the queues' events: a stream that it reads at its own pace.
import { utf8 } from "../../core/bytes.ts";
import { HEARTBEAT } from "../../core/server-sent-event.ts";

/** Texts that wait for a reader; one that is further behind is let go of, and comes again. */
const MAX_WAITING = 60;

export class Watcher {
  /** The queues it wants to hear of, undefined for all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly stream: ReadableStream<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #left: () => void;
  readonly #waiting: string[] = [];
  #isWriting = false;
  #isOver = false;

  /** `left` is called once when the reader has gone, or was let go of. */
  constructor(names: readonly string[] | undefined, left: (watcher: Watcher) => void) {
    this.names = names && new Set(names);
    const { readable, writable } = new IdentityTransformStream();
    this.stream = readable;
    this.#writer = writable.getWriter();
    this.#left = () => {
      if (this.#isOver) return;
      this.#isOver = true;
      left(this);
    };
    this.#writer.closed.then(this.#left, this.#left);
  }

  /** Whether its reader has gone, or was let go of. */
  get isOver(): boolean {
    return this.#isOver;
  }

  wants(name: string): boolean {
    return this.names?.has(name) ?? true;
  }

  send(text: string): void {
    if (this.#waiting.length >= MAX_WAITING) this.end();
    if (this.#isOver) return;
    this.#waiting.push(text);
    if (!this.#isWriting) void this.#write();
  }

  // A reader that does not read gets no queue of heartbeats.
  beat(): void {
    if (!this.#isWriting) this.send(HEARTBEAT);
  }

  end(): void {
    this.#writer.abort(new Error("the reader is too slow")).catch(() => {});
    this.#left();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
        await this.#writer.write(utf8(text));
      }
    } catch {
      this.#left();
    }
    this.#isWriting = false;
  }
}
