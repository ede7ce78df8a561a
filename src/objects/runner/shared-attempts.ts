// Attempts that share an invocation of the runner. Their outcomes go back as they come, so that none waits for a
// slow neighbour: all at once where none has waited for anything, else those that are there, and a stub that the
// others are asked of.
import { RpcTarget } from "cloudflare:workers";
import { MICROTASKS } from "../delivery/cancellation.ts";
import { outcomeOfError, type WireOutcome } from "../delivery/outcome.ts";
import { nextTurn } from "../event-loop.ts";
import type { LaterOutcomes, PlacedOutcome, SharedOutcomes } from "../rpc.ts";

/**
 * To read a body takes turns of the event loop, though all of it is there. Who reads its task's and answers with one has
 * ended after so many, and has waited for nothing.
 */
const TURNS = 8;

export class SharedAttempts extends RpcTarget {
  readonly #outcomes: WireOutcome[] = [];
  #fresh: PlacedOutcome[] = [];
  #left: number;
  #wake = () => {};

  constructor(attempts: readonly Promise<WireOutcome>[]) {
    super();
    this.#left = attempts.length;
    for (const [place, attempt] of attempts.entries()) {
      attempt.then(
        (outcome) => this.#ended(place, outcome),
        (error) => this.#ended(place, outcomeOfError(error)),
      );
    }
  }

  async first(): Promise<WireOutcome[] | SharedOutcomes> {
    await this.#microtasks();
    for (let i = 0; i < TURNS && this.#left > 0; i++) {
      await nextTurn();
      await this.#microtasks();
    }
    if (this.#left === 0) return this.#outcomes;
    return { ended: this.#fresh.splice(0), rest: this };
  }

  async #microtasks(): Promise<void> {
    for (let i = 0; i < MICROTASKS && this.#left > 0; i++) await undefined;
  }

  /** The outcomes that have come since it was last asked, as soon as there is one. */
  async next(): Promise<LaterOutcomes> {
    if (this.#fresh.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // What comes together goes together.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return { ended: this.#fresh.splice(0), areMore: this.#left > 0 };
  }

  #ended(place: number, outcome: WireOutcome): void {
    this.#outcomes[place] = outcome;
    this.#fresh.push([place, outcome]);
    this.#left--;
    this.#wake();
  }
}
