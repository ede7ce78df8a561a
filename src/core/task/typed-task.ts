// Tasks typed by their queues: `Payloads` gives the payload type of each queue. Types only.
import type { GroupTask, NewGroup } from "./group.ts";
import type { NewTask } from "./task.ts";

/** The payload type of each queue, by its name. */
export type PayloadTypes = object;

/** Of queues whose payloads have no types. */
export type UntypedPayloads = Record<string, unknown>;

/** Of handles whose queues' types are not known: those whose are can stand in for them. */
// biome-ignore lint/suspicious/noExplicitAny: both wider and narrower than every other.
export type AnyPayloads = any;

/** A new task with this payload, which may be left out only where its type has undefined. */
export type NewTaskOf<P> = undefined extends P ? NewTask<P> : NewTask<P> & { payload: P };

/** A subtask or a `then`, on the queue it names; any, where no queue's type is known. */
export type GroupTaskOf<Payloads extends PayloadTypes> = string extends keyof Payloads
  ? GroupTask
  : {
      [Name in keyof Payloads & string]: NewTaskOf<Payloads[Name]> & { queue: Name };
    }[keyof Payloads & string];

/** The same, where a task that names no queue is for one whose payload is `Own`. */
export type OwnGroupTaskOf<Payloads extends PayloadTypes, Own> =
  | GroupTaskOf<Payloads>
  | (NewTaskOf<Own> & { queue?: undefined });

/** A new group whose tasks are typed by their queues. */
export interface NewGroupOf<Payloads extends PayloadTypes, Own>
  extends Omit<NewGroup, "tasks" | "then"> {
  tasks?: readonly OwnGroupTaskOf<Payloads, Own>[] | undefined;
  /** Added once, when the group is done. */
  then?: OwnGroupTaskOf<Payloads, Own> | undefined;
}

/** Where the payload types of queues are kept; there is no such value. */
export declare const payloadTypes: unique symbol;

/** Queues whose payload types are known, such as what `createTaskQueues` gives. */
export interface TypedQueues<Payloads extends PayloadTypes = PayloadTypes> {
  readonly [payloadTypes]?: Payloads;
}

/** The payload of a queue's tasks. */
export type PayloadOf<Queues extends TypedQueues, Name extends QueueName<Queues>> = NonNullable<
  Queues[typeof payloadTypes]
>[Name];

/** The names of queues whose payload types are known. */
export type QueueName<Queues extends TypedQueues> = keyof NonNullable<Queues[typeof payloadTypes]> &
  string;
