// An observable value, for state shared by the whole page.
import { useEffect, useState } from "preact/hooks";

export class Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls the listener after each change; returns the unsubscribe function. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Re-renders the component whenever the result of `pick` changes. */
export function useObservable<T, P = T>(
  watched: Observable<T>,
  pick: (value: T) => P = (value) => value as unknown as P,
): P {
  const [picked, setPicked] = useState(() => pick(watched.value));
  useEffect(() => {
    const look = () => setPicked(() => pick(watched.value));
    look();
    return watched.watch(look);
  }, [watched, pick]);
  return picked;
}
