// Sends bytes over a connection that is kept, and reads what comes back. No HTTP client: those refuse to send half of
// what is tried here.
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, readAnswer } from "./answer.ts";
import type { Wire } from "./wire.ts";

/** What came of one request. */
export interface Outcome {
  /** Those that came, interim ones aside; the last may not have ended where the sender left before. */
  answers: Answer[];
  /** `closed`: by the server, without a whole answer. `left`: by the sender, who had asked to wait. */
  end: "answered" | "closed" | "left" | "hang";
  /** What came was no answer at all. */
  fault?: string;
  ms: number;
}

export interface Sending {
  method: string;
  bytes: Buffer;
  hangMs: number;
  leavesAfter?: number | undefined;
  wire?: Wire | undefined;
}

/** A raw request's sender waits no longer than that for what may come after an answer, or instead of one. */
const WIRE_MS = 150;

export class Connection {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #isClosed = true;
  #notify: () => void = () => {};

  constructor({ hostname, port }: URL) {
    this.#host = hostname;
    this.#port = Number(port);
  }

  async send(sending: Sending): Promise<Outcome> {
    const begun = performance.now();
    const isKept = !this.#isClosed && !sending.wire;
    const outcome = await this.#once(sending, begun);
    // A server may end a connection that is kept just when the next request is on its way.
    const isStale = isKept && outcome.end === "closed" && outcome.answers.length === 0;
    const result = isStale ? await this.#once(sending, begun) : outcome;
    const isUsable = result.end === "answered" && !sending.wire && !result.answers.at(-1)?.isLast;
    if (!isUsable || this.#received.length > 0) this.close();
    return result;
  }

  close(): void {
    this.#socket?.destroy();
    this.#isClosed = true;
  }

  async #once(sending: Sending, begun: number): Promise<Outcome> {
    if (this.#isClosed || sending.wire) this.#open();
    this.#received = Buffer.alloc(0);
    const written = this.#write(sending);
    const read = await this.#read(sending, begun);
    await written;
    return { ...read, ms: performance.now() - begun };
  }

  #open(): void {
    this.close();
    const socket = connect({
      host: this.#host,
      port: this.#port,
      allowHalfOpen: true,
      noDelay: true,
    });
    this.#socket = socket;
    this.#isClosed = false;
    const isOurs = () => this.#socket === socket;
    socket.on("data", (chunk) => {
      if (!isOurs()) return;
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#notify();
    });
    const closed = () => {
      if (!isOurs()) return;
      this.#isClosed = true;
      socket.destroy();
      this.#notify();
    };
    socket.on("end", closed).on("close", closed).on("error", closed);
  }

  async #write({ bytes, wire }: Sending): Promise<void> {
    const socket = this.#socket as Socket;
    const size = Math.ceil(bytes.length / (wire?.pieces ?? 1)) || 1;
    for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
      if (at > 0) await pause(10);
      socket.write(bytes.subarray(at, at + size));
    }
    if (wire?.then === "half-close") socket.end();
    if (wire?.then === "close") socket.destroySoon();
  }

  async #read(
    { method, hangMs, leavesAfter, wire }: Sending,
    begun: number,
  ): Promise<Omit<Outcome, "ms">> {
    const answers: Answer[] = [];
    const limit = leavesAfter ?? (wire ? WIRE_MS + wire.pieces * 10 : hangMs);
    const tooLate = leavesAfter !== undefined || wire ? "left" : "hang";
    for (;;) {
      try {
        const next = readAnswer(
          this.#received,
          wire ? methodIn(wire, answers.length) : method,
          this.#isClosed,
        );
        if (next?.end !== undefined) {
          this.#received = this.#received.subarray(next.end);
          if (next.status >= 200 || next.status === 101) answers.push(next);
          if (!wire && next.status >= 200) return { answers, end: "answered" };
          continue;
        }
        const left = limit - (performance.now() - begun);
        if (this.#isClosed) return { answers, end: answers.length > 0 ? "answered" : "closed" };
        if (left <= 0) {
          if (next) answers.push(next);
          return { answers, end: answers.length > 0 && wire ? "answered" : tooLate };
        }
        await this.#more(left);
      } catch (error) {
        return { answers, end: "closed", fault: (error as Error).message };
      }
    }
  }

  #more(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#notify = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Of the request that the answer of this number is for: one may be sent behind the other. */
function methodIn({ bytes }: Wire, index: number): string {
  const lines = bytes.toString("latin1").matchAll(/(?:^|\n)([A-Z]+) \S+ HTTP\/1\.[01]\r?\n/g);
  return [...lines][index]?.[1] === "HEAD" ? "HEAD" : "GET";
}
