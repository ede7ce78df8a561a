// Real waits, made short: for an object that does not answer others wait seconds.
import { onTestFinished, vi } from "vitest";

const real = globalThis.setTimeout.bind(globalThis);

/** Until the test is over every timer is so many times as fast. */
export function hurry(times: number): void {
  const faster = (work: () => void, ms = 0) => real(work, ms / times);
  const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(faster as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
}
