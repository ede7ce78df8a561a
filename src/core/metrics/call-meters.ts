// What objects use that do nothing but what they are called for, counted by who calls them.
import { Meter, type MeterCounts } from "./meter.ts";

/** Called with the number of an object when a call of it begins; what is to be called when that has ended. */
export type CallMeters = (index: number) => () => void;

/** `now` in ms since 1970; `used` is called with what has been used since it was last. */
export function callMeters(now: () => number, used: (counts: MeterCounts) => void): CallMeters {
  const meters = new Map<number, Meter>();
  return (index) => {
    const meter = meters.get(index) ?? new Meter(now);
    meters.set(index, meter);
    meter.began();
    return () => {
      meter.ended();
      used(meter.untold());
    };
  };
}
