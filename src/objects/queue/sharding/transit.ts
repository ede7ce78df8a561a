// Names on their way to another shard. What lies under them is left as it is until that shard has said that it has it:
// it may have it already, and have run it. Whoever is to act on one waits until it is gone from here, and is told then
// that it is not here. While somebody acts, no more names leave.

/** So long does a caller wait for a name to be gone, in ms. */
const PATIENCE_MS = 20_000;

/** What a call acts on: these names, or anything there is. */
export type Acted = readonly unknown[] | "all";

export class Transit {
  readonly #names = new Set<unknown>();
  readonly #hurry: () => void;
  #acting = 0;
  /** Something has changed for those who wait. */
  #change = Promise.withResolvers<void>();

  /** `hurry`: somebody waits, so what failed is to be tried again now. */
  constructor(hurry: () => void) {
    this.#hurry = hurry;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** These leave from now on; it is the mover that asks, when nobody acts. */
  begin(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** These have left. */
  end(names: readonly string[]): void {
    for (const name of names) this.#names.delete(name);
    this.#changed();
  }

  /** Acts on what is not on its way, at once where nothing of it is. */
  async act<T>(on: Acted, work: () => Promise<T>): Promise<T> {
    if (this.#areOnTheirWay(on)) await this.#untilGone(on);
    this.#acting++;
    try {
      return await work();
    } finally {
      this.#acting--;
      this.#changed();
    }
  }

  /** Settles when nobody acts. */
  async idle(): Promise<void> {
    while (this.#acting > 0) await this.#change.promise;
  }

  #areOnTheirWay(on: Acted): boolean {
    if (this.#names.size === 0) return false;
    return on === "all" || on.some((name) => this.#names.has(name));
  }

  async #untilGone(on: Acted): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#changed();
    }, PATIENCE_MS);
    this.#hurry();
    while (this.#areOnTheirWay(on)) {
      if (isOver) throw new Error("tasks are on their way to another shard that does not answer");
      await this.#change.promise;
    }
    clearTimeout(timer);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
