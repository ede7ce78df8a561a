// What stands in for the platform in these tests: the clock is theirs, alarms and timers are the platform's. Which
// alarm fires when is said by `runUntil` and its like.
import { type StandIn, stepIn } from "../../src/objects/stand-in.ts";
import { clock } from "./clock.ts";

const MAX_DELAY_MS = 24 * 3600 * 1000;

const stage: StandIn = {
  now: () => clock.now,
  alarmOf: (_, { storage }) => storage,
  watch: (_, stub) => stub,
  // Waits are over in real time: their tests are about who is served first.
  runAt: (at, work) => {
    const timer = setTimeout(work, Math.min(Math.max(1, at - clock.now), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};

stepIn(stage);
