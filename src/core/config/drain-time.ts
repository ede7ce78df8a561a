// How long what is due on a queue takes, if nothing comes meanwhile: by its rate, or by its slots and how long attempts
// take, whichever is slower. Limits that it shares count as if it had them alone.
import type { QueueConfig, QueueFile } from "./queue-config.ts";

/** Seconds; null where nothing starts, or somebody leases the tasks. */
export function drainSeconds(
  config: QueueConfig,
  { limits: shared }: QueueFile,
  { due, runTime }: { due: number; runTime: number | null },
): number | null {
  const { mode, limits = [] } = config;
  const all = [config, ...limits.flatMap((name) => shared?.get(name) ?? [])];
  const rate = Math.min(...all.map((it) => it.rate));
  if (mode === "pull" || rate === 0) return null;
  const slots = Math.min(...all.map((it) => it.maxConcurrentRequests));
  const bySlots = runTime === null ? 0 : (due * runTime) / slots;
  return Math.round(Math.max(due / rate, bySlots) * 1000) / 1000;
}
