// One stream of events, kept open: it comes back by itself when it ends or breaks, stops while nobody looks,
// and notices when it has gone silent.
import { backoffSeconds } from "../../core/task/backoff.ts";
import { type ServerSentEvent, serverSentEvents } from "./server-sent.ts";

/**
 * `signed-out`: the server no longer knows who is asking, and only a new login helps. `over`: it refused,
 * or ended a stream that was to end.
 */
export type StreamStatus =
  | "connecting"
  | "live"
  | "reconnecting"
  | "paused"
  | "signed-out"
  | "over";

export interface StreamDeps {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Calls back after so many ms, unless the answer is called first. */
  later: (ms: number, work: () => void) => () => void;
}

export interface StreamListener {
  event: (event: ServerSentEvent) => void;
  status: (status: StreamStatus) => void;
}

const RETRY = { minBackoff: 0.5, maxBackoff: 10, maxDoublings: 10 };
/** The server's heartbeats come every fifteen seconds at least. */
const SILENCE_MS = 40_000;

export class Stream {
  readonly #url: string;
  readonly #deps: StreamDeps;
  readonly #listener: StreamListener;
  #status: StreamStatus = "connecting";
  #failures = 0;
  #current: AbortController | undefined;
  #cancel: () => void = () => {};

  constructor(url: string, deps: StreamDeps, listener: StreamListener) {
    this.#url = url;
    this.#deps = deps;
    this.#listener = listener;
  }

  /** Opens it, at once also when it was waiting to try again. */
  open(): void {
    this.#stop();
    this.#say(this.#status === "connecting" ? "connecting" : "reconnecting");
    this.#failures = 0;
    this.#connect();
  }

  pause(): void {
    this.#stop();
    this.#say("paused");
  }

  #stop(): void {
    this.#cancel();
    this.#current?.abort();
    this.#current = undefined;
  }

  #connect(): void {
    const current = new AbortController();
    this.#current = current;
    this.#read(current).then(
      (ending) => this.#ended(current, ending),
      () => this.#ended(current, "broken"),
    );
  }

  async #read(current: AbortController): Promise<"ended" | "broken" | "signed-out" | "over"> {
    const headers = { Accept: "text/event-stream" };
    const quiet = this.#silence(current);
    try {
      const { status, ok, body } = await this.#deps.fetch(this.#url, {
        ...{ signal: current.signal, headers, cache: "no-store", credentials: "same-origin" },
      });
      if (status === 401) return "signed-out";
      if (status >= 400 && status < 500) return "over";
      if (!ok || !body) return "broken";
      for await (const event of serverSentEvents(body, quiet.onChunk)) {
        if (this.#current !== current) return "ended";
        this.#failures = 0;
        this.#say("live");
        this.#listener.event(event);
      }
      return this.#failures === 0 && this.#status === "live" ? "ended" : "broken";
    } finally {
      quiet.end();
    }
  }

  #silence(current: AbortController): { onChunk: () => void; end: () => void } {
    const start = () => this.#deps.later(SILENCE_MS, () => current.abort());
    let end = start();
    const onChunk = () => {
      end();
      end = start();
    };
    return { onChunk, end: () => end() };
  }

  // A stream that gave something and ended is opened again without a word: the server ends each in time.
  #ended(current: AbortController, ending: "ended" | "broken" | "signed-out" | "over"): void {
    if (this.#current !== current) return;
    this.#current = undefined;
    if (ending === "signed-out" || ending === "over") {
      this.#say(ending);
      return;
    }
    if (ending === "broken") {
      this.#failures++;
      this.#say("reconnecting");
    }
    const wait = backoffSeconds(Math.max(1, this.#failures), RETRY) * 1000;
    this.#cancel = this.#deps.later(wait, () => this.#connect());
  }

  #say(status: StreamStatus): void {
    this.#status = status;
    this.#listener.status(status);
  }
}
