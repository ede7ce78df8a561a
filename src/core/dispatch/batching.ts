// Which of the tasks that are due go to their handler in one call, and when.

/** Up to `size` tasks in one call; the first of them waits up to `waitMs` for others. */
export interface Batching {
  size: number;
  waitMs: number;
  /** Most of all `length`s in one call. */
  length: number;
}

export interface Batchable {
  /** ms since 1970 */
  due: number;
  length: number;
  /** Those of one place may share a call; absent for a task that has one for itself. */
  place: string | undefined;
}

export interface BatchPlan<T> {
  /** The calls to make now, in the order of their first tasks. */
  calls: T[][];
  /** Tasks that wait for others. */
  waiting: T[];
  /** When the first call of those has to be made (ms since 1970). */
  dueAt: number;
  /** How many more tasks the first of them that could be full lacks. */
  missing: number;
  waitMs: number;
}

interface Call<T> {
  tasks: T[];
  due: number;
  length: number;
  isFull: boolean;
}

/** `tasks` in the order they are due, of which `of` says what there is to know. */
export function planBatches<T>(
  tasks: readonly T[],
  of: (task: T) => Batchable,
  batching: Batching,
  now: number,
): BatchPlan<T> {
  const plan: BatchPlan<T> = {
    ...{ calls: [], waiting: [] },
    ...{ dueAt: Number.POSITIVE_INFINITY, missing: batching.size, waitMs: batching.waitMs },
  };
  for (const { tasks: own, due, isFull } of callsOf(tasks, of, batching)) {
    const dueAt = due + batching.waitMs;
    if (isFull || dueAt <= now) {
      plan.calls.push(own);
      continue;
    }
    plan.waiting.push(...own);
    plan.dueAt = Math.min(plan.dueAt, dueAt);
    plan.missing = Math.min(plan.missing, batching.size - own.length);
  }
  return plan;
}

function callsOf<T>(
  tasks: readonly T[],
  of: (task: T) => Batchable,
  { size, length: most }: Batching,
): Call<T>[] {
  const calls: Call<T>[] = [];
  const open = new Map<string, Call<T>>();
  for (const task of tasks) {
    const { due, length, place } = of(task);
    let call = place === undefined ? undefined : open.get(place);
    if (call && call.length + length > most) {
      call.isFull = true;
      call = undefined;
    }
    if (!call) {
      call = { tasks: [], due, length: 0, isFull: place === undefined };
      calls.push(call);
      if (place !== undefined) open.set(place, call);
    }
    call.tasks.push(task);
    call.length += length;
    if (place === undefined || call.tasks.length < size) continue;
    call.isFull = true;
    open.delete(place);
  }
  return calls;
}
