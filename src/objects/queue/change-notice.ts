// Tells the directory that the queue has changed: once, until the directory has asked for a report again. So a
// queue that nobody looks at says nothing, however much happens on it.

import { trouble } from "../log.ts";
import type { Stubs } from "../stubs.ts";

/** Waits between tries, in ms. A queue that is not heard is found by the directory's hourly round. */
const RETRY_MS = [500, 5_000] as const;

export class ChangeNotice {
  readonly #stubs: Stubs;
  readonly #name: () => string;
  #isGiven = false;

  constructor(stubs: Stubs, name: () => string) {
    this.#stubs = stubs;
    this.#name = name;
  }

  /** After a commit. Nobody waits for it. */
  changed(): void {
    if (this.#isGiven) return;
    this.#isGiven = true;
    void this.#give(0);
  }

  /** The directory reads a report; `holds`: it takes it for true until it hears of a change. */
  reported(holds: boolean): void {
    this.#isGiven = !holds;
  }

  async #give(tries: number): Promise<void> {
    try {
      await this.#stubs.directory().changed(this.#name());
    } catch (error) {
      // During a deployment the directory may be of a version that does not keep what queues say.
      if (String(error).includes("does not implement")) return;
      const wait = RETRY_MS[tries];
      if (wait !== undefined) setTimeout(() => this.#give(tries + 1), wait);
      else {
        trouble("task queue: the directory could not be told of a change", error);
        this.#isGiven = false;
      }
    }
  }
}
