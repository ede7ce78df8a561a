// `Date` in the Worker and in its tests says what the kit's clock says, so that an ETA made with Date.now(), or a
// handler that looks at the time, is of the same time as the queue.
const RealDate = globalThis.Date;

export function fakeDate(now: () => number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
}

export function realDate(): void {
  globalThis.Date = RealDate;
}

/** ms since 1970, whatever the kit's clock says. */
export function realNow(): number {
  return RealDate.now();
}
