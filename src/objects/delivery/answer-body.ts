// An answer's body, read no further than it is wanted. The status has come already, and nothing a body does
// changes it: one that is broken, too long or without an end is let go of.
import { joinBytes } from "../../core/bytes.ts";

/** Bytes after which a body is hung up on, unless more of it is kept. */
const MOST_BYTES = 1024 * 1024;
/** For how long a body may run on (ms) when its attempt is over. */
const BEHIND_MS = 10_000;

export interface Wanted {
  /** How many bytes of its head. */
  keep: number;
  /** How long to wait for its end, in ms. */
  ms: number;
}

export interface BodyRead {
  head: Uint8Array;
  /** Bytes that were read. */
  length: number;
  /** Whether that is all of it; else why not. */
  end: "whole" | "long" | "late" | { broken: unknown };
}

/** What reading does beside: the rest of a body after its attempt, and a body that broke. */
export interface Aside {
  behind(work: Promise<unknown>): void;
  broke?(error: unknown): void;
}

/** Never throws. The rest is read behind: to a handler, an answer that is cancelled looks like a cut-off. */
export async function readBody(
  body: ReadableStream<Uint8Array>,
  { keep, ms }: Wanted,
  { behind, broke }: Aside,
): Promise<BodyRead> {
  const reading = new Reading(body, keep);
  const late = reading.late(ms);
  const ended = reading.run();
  const end = await Promise.race([ended, late]);
  if (end === "late") behind(reading.leave(ended));
  else if (typeof end === "object") broke?.(end.broken);
  return { head: reading.head(), length: reading.length, end };
}

class Reading {
  length = 0;
  readonly #body: ReadableStream<Uint8Array>;
  readonly #keep: number;
  readonly #heads: Uint8Array[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #stopWaiting = () => {};

  constructor(body: ReadableStream<Uint8Array>, keep: number) {
    this.#body = body;
    this.#keep = keep;
  }

  async run(): Promise<BodyRead["end"]> {
    try {
      // One that its handler has read itself, or that something else holds, throws here.
      const reader = this.#body.getReader();
      this.#reader = reader;
      for (let { value } = await reader.read(); value; { value } = await reader.read()) {
        this.#take(value);
        if (this.length > Math.max(MOST_BYTES, this.#keep)) return this.#hangUp();
      }
      return "whole";
    } catch (broken) {
      return { broken };
    } finally {
      this.#stopWaiting();
    }
  }

  late(ms: number): Promise<"late"> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, "late");
      this.#stopWaiting = () => clearTimeout(timer);
    });
  }

  /** Lets the body run on for a while, and then no more. */
  leave(ended: Promise<unknown>): Promise<unknown> {
    const timer = setTimeout(() => this.#hangUp(), BEHIND_MS);
    this.#stopWaiting = () => clearTimeout(timer);
    return ended;
  }

  head(): Uint8Array {
    return joinBytes(this.#heads);
  }

  #take(chunk: Uint8Array): void {
    // A handler's own stream may hold anything.
    if (!(chunk instanceof Uint8Array))
      throw new TypeError(`a chunk of ${typeof chunk}, not bytes`);
    if (this.length < this.#keep) this.#heads.push(chunk.subarray(0, this.#keep - this.length));
    this.length += chunk.byteLength;
  }

  #hangUp(): "long" {
    this.#reader?.cancel().catch(() => {});
    return "long";
  }
}
