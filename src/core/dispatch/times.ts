// Names with a time each, the earliest first: a heap.

export class Times {
  readonly #at = new Map<string, number>();
  // What was set anew or taken stays in the heap until its time comes.
  #heap: { name: string; at: number }[] = [];

  get size(): number {
    return this.#at.size;
  }

  set(name: string, at: number): void {
    if (this.#at.get(name) === at) return;
    this.#at.set(name, at);
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#at.size) this.#rebuild();
    else this.#push({ name, at });
  }

  get(name: string): number | undefined {
    return this.#at.get(name);
  }

  /** The earliest time, infinite without any. */
  next(): number {
    this.#dropStale();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes those whose time has come by `now`. */
  take(now: number): string[] {
    const taken: string[] = [];
    for (this.#dropStale(); this.#heap[0] && this.#heap[0].at <= now; this.#dropStale()) {
      const { name } = this.#heap[0];
      this.#at.delete(name);
      taken.push(name);
    }
    return taken;
  }

  #dropStale(): void {
    for (let [first] = this.#heap; first; [first] = this.#heap) {
      if (this.#at.get(first.name) === first.at) return;
      this.#pop();
    }
  }

  #rebuild(): void {
    this.#heap = [...this.#at].map(([name, at]) => ({ name, at })).sort((a, b) => a.at - b.at);
  }

  #push(entry: { name: string; at: number }): void {
    const heap = this.#heap;
    let i = heap.length;
    for (heap.push(entry); i > 0; ) {
      const parent = (i - 1) >> 1;
      if (this.#timeAt(parent) <= entry.at) break;
      heap[i] = heap[parent] as typeof entry;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < heap.length && this.#timeAt(child + 1) < this.#timeAt(child)) child++;
      if (child >= heap.length || this.#timeAt(child) >= last.at) break;
      heap[i] = heap[child] as typeof last;
      i = child;
    }
    heap[i] = last;
  }

  #timeAt(i: number): number {
    return (this.#heap[i] as { at: number }).at;
  }
}
