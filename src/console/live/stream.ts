// An event stream that reconnects when it ends or fails, is suspended while the page is hidden,
// and detects a dead connection by missing heartbeats.
import { backoffSeconds } from "../../core/task/backoff.ts";
import { type ServerSentEvent, serverSentEvents } from "./server-sent.ts";

/**
 * `signed-out`: the session has expired, a new login is needed. `over`: the server refused,
 * or a finite stream is complete.
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
  /** Calls back after that many ms, unless the returned function cancels it first. */
  later: (ms: number, work: () => void) => () => void;
}

export interface StreamListener {
  event: (event: ServerSentEvent) => void;
  status: (status: StreamStatus) => void;
}

const RETRY = { minBackoff: 0.5, maxBackoff: 10, maxDoublings: 10 };
/** The server sends a heartbeat at least every fifteen seconds. */
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

  /** Opens the stream, immediately even if a retry was pending. */
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
      for await (const event of serverSentEvents(body, quiet.heard)) {
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

  #silence(current: AbortController): { heard: () => void; end: () => void } {
    const start = () => this.#deps.later(SILENCE_MS, () => current.abort());
    let end = start();
    const heard = () => {
      end();
      end = start();
    };
    return { heard, end: () => end() };
  }

  // A stream that delivered data and ended is reopened silently: the server limits every stream's duration.
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
