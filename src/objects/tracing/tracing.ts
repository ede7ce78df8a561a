// What is told to whoever follows traces, which spans.ts does; nobody does unless a Worker asks for it.

import type { Task } from "../../core/task/task.ts";
import type { TraceContext } from "../../core/task/trace-context.ts";
import type { GroupRecord } from "../../store/group/group-store.ts";
import type { BatchDelivery, Delivery } from "../delivery/delivery.ts";

/** Where tasks are added: a queue by its name, or a group. */
export interface Destination {
  queue?: string | undefined;
  group?: string | undefined;
}

/** What is said of a group that has ended. */
export type EndedGroup = Pick<
  GroupRecord,
  "name" | "state" | "total" | "trace" | "createdAt" | "endedAt"
>;

export interface Tracing {
  /**
   * A span around adding. `work` is given the context that the tasks keep: the span's, or where nobody follows traces
   * `from`, that of the request which adds.
   */
  adding<T>(
    where: Destination,
    from: TraceContext | undefined,
    work: (trace: TraceContext | undefined) => Promise<T>,
  ): Promise<T>;
  /** A span of a lease that was asked for at `begunAt` (ms since 1970), linked to the traces of what was leased. */
  leased(queue: string, tasks: readonly Pick<Task, "headers">[], begunAt: number): void;
  /**
   * A span around an attempt. The first of a task continues its trace, each other is a trace of its own that is linked
   * to it. `work` is given the delivery with the span's context, and answers with what the handler answered.
   */
  attempt<D extends Delivery | BatchDelivery, O>(
    delivery: D,
    work: (delivery: D) => Promise<O>,
  ): Promise<O>;
  /** A span as long as the group. */
  groupEnded(group: EndedGroup): void;
}
