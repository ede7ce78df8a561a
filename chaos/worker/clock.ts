// The clock of the objects under test, which can be ahead of the machine's and jump; and commits that are held.
import { env as settings } from "cloudflare:workers";

let aheadMs = Number((settings as unknown as { AHEAD_MS: string }).AHEAD_MS);
let latest = 0;
/** By how much it has gone back in this life of the server. */
let goneBackMs = 0;

/** A reading of the objects' clock at the machine's time `at`. */
export function reading(at: number): number {
  latest = Math.max(latest, at + aheadMs);
  return at + aheadMs;
}

/** The latest that it has shown in this life of the server. */
export function latestReading(): number {
  return latest;
}

/** What it would show if it had gone on where it went back. */
export function onwardReading(): number {
  return Date.now() + aheadMs + goneBackMs;
}

/** Alarms that are set stay where they are: they ring by the machine's clock, which does not jump. */
export function jump(ms: number): void {
  reading(Date.now());
  aheadMs += ms;
  goneBackMs += Math.max(0, -ms);
}

/** Which of the next commits is held, and for how many rounds of idle work. */
let held: { at: string; rounds: number } | undefined;

export function holdNext(at: string, rounds: number): void {
  held = { at, rounds };
}

function hold(at: string): void {
  if (held?.at !== at) return;
  let sum = 0;
  for (let i = 0; i < held.rounds; i++) sum = (sum * 31 + i) % 65_521;
  held = sum < 0 ? held : undefined;
}

type Method = (...given: unknown[]) => unknown;

// Alarms ring by the machine's clock, so they are set and told as if that were ahead too.
function storageAhead(storage: DurableObjectStorage): DurableObjectStorage {
  const changed: Record<string, Method> = {
    setAlarm: (at) => storage.setAlarm((at as number) - aheadMs),
    getAlarm: async () => {
      const at = await storage.getAlarm();
      return at === null ? null : at + aheadMs;
    },
    transactionSync: (work) => {
      const done = storage.transactionSync(() => {
        const value = (work as () => unknown)();
        hold("in a commit");
        return value;
      });
      hold("after a commit");
      return done;
    },
  };
  return new Proxy(storage, {
    get: (target, field) => {
      const value = changed[field as string] ?? Reflect.get(target, field, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function ahead(ctx: DurableObjectState): DurableObjectState {
  Object.defineProperty(ctx, "storage", { value: storageAhead(ctx.storage) });
  return ctx;
}

export function alarmAhead(info?: AlarmInvocationInfo): AlarmInvocationInfo | undefined {
  if (info?.scheduledTime === undefined) return info;
  const { isRetry, retryCount } = info;
  return { isRetry, retryCount, scheduledTime: Number(info.scheduledTime) + aheadMs } as never;
}
