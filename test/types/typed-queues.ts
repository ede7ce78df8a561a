// What compiles, and what does not, where the payload type of each queue is known. Checked by `npm run check:types`;
// nothing here runs.
import {
  createTaskQueues,
  type GroupHandle,
  type GroupTask,
  type NewTask,
  type PushedTask,
  type QueueHandle,
  readTask,
  type TaskQueueError,
} from "../../src/index.ts";

interface Mail {
  to: string;
}

declare const env: unknown;
declare const request: Request;

/** An interface, which has no index signature, is as good as a type. */
interface Payloads {
  mail: Mail;
  sums: number;
  notes: string | undefined;
}

const queues = createTaskQueues<unknown, Payloads>({ config: "" });
const untyped = createTaskQueues({ config: "" });

/** Fails to compile unless both types are the same. */
function same<A>() {
  return <B>(..._: [A, B] extends [B, A] ? [] : [never]): void => {};
}

export async function adding(): Promise<void> {
  const mail = queues.get(env, "mail");
  await mail.add({ payload: { to: "a@b.c" }, countdown: 5 });
  await mail.add([{ payload: { to: "a@b.c" } }, { name: "n", payload: { to: "d@e.f" } }]);
  // @ts-expect-error: the queue's tasks have a payload.
  await mail.add({});
  // @ts-expect-error: so have those of a list.
  await mail.add([{ payload: { to: "a@b.c" } }, { name: "n" }]);
  // @ts-expect-error: undefined is none.
  await mail.add({ payload: undefined });
  // @ts-expect-error: another payload.
  await mail.add({ payload: { from: "a@b.c" } });
  // @ts-expect-error: params are no payload.
  await mail.add({ params: { to: "a@b.c" } });
  await queues.get(env, "sums").add({ payload: 1 });
  // @ts-expect-error: a number is wanted.
  await queues.get(env, "sums").add({ payload: "1" });
  await queues.get(env, "notes").add({});
  await queues.get(env, "notes").add({ payload: "text" });
  // @ts-expect-error: there is no such queue.
  queues.get(env, "male");
}

export async function addingUntyped(maybe: { name?: string; in?: number }): Promise<void> {
  await untyped.get(env, "any").add({});
  await untyped.get(env, "any").add({ payload: { any: "thing" } });
  // What may be absent can be handed on, with exactOptionalPropertyTypes too.
  await untyped.get(env, "any").add({ name: maybe.name, countdown: maybe.in });
  const { atomic } = {} as { atomic?: boolean };
  await untyped.get(env, "any").add([{ url: "/x" }], { atomic });
  const task: NewTask = { payload: 1 };
  await untyped.get(env, "any").add(task);
}

export async function results(): Promise<void> {
  for (const result of await queues.get(env, "sums").add([{ payload: 1 }])) {
    if (result.task) same<string>()<typeof result.task.name>();
    else same<TaskQueueError>()<typeof result.error>();
    if (result.error) same<undefined>()<typeof result.task>();
    else same<string>()<typeof result.task.name>();
    const { task, error } = result;
    if (task) same<undefined>()<typeof error>();
    else same<string>()<typeof error.message>();
    // @ts-expect-error: it may be the error.
    result.task.name;
  }
}

export async function reading(): Promise<void> {
  same<PushedTask<unknown>>()<Awaited<ReturnType<typeof readTask>>>();
  const unknown = await readTask(request);
  same<unknown>()<typeof unknown.payload>();
  const claimed = await readTask<Mail>(request);
  same<Mail | undefined>()<typeof claimed.payload>();
  // @ts-expect-error: a task can be without a payload.
  claimed.payload.to;
  const typed = await readTask<typeof queues, "mail">(request);
  same<Mail>()<typeof typed.payload>();
  const note = await readTask<typeof queues, "notes">(request);
  same<string | undefined>()<typeof note.payload>();
  // @ts-expect-error: there is no such queue.
  await readTask<typeof queues, "male">(request);
}

export async function groups(): Promise<void> {
  const mail = queues.get(env, "mail");
  await mail.group({
    tasks: [{ payload: { to: "a@b.c" } }, { queue: "sums", payload: 1 }, { queue: "notes" }],
    then: { queue: "sums", payload: 2 },
  });
  await mail.group({ master: await readTask<typeof queues, "mail">(request), open: true });
  // @ts-expect-error: its own tasks are mail.
  await mail.group({ tasks: [{ payload: 1 }] });
  // @ts-expect-error: a sum is a number.
  await mail.group({ tasks: [{ queue: "sums", payload: { to: "a@b.c" } }] });
  // @ts-expect-error: a sum has a payload.
  await mail.group({ tasks: [{ queue: "sums" }] });
  // @ts-expect-error: so has the last task.
  await mail.group({ tasks: [], then: { queue: "mail" } });
  // @ts-expect-error: there is no such queue.
  await mail.group({ tasks: [{ queue: "male", payload: { to: "a@b.c" } }] });
  const group = queues.group(env, "g");
  await group.add([{ queue: "mail", payload: { to: "a@b.c" } }]);
  // @ts-expect-error: it names no queue.
  await group.add([{ payload: { to: "a@b.c" } }]);
  const any: GroupTask[] = [{ queue: "x" }];
  await untyped.group(env, "g").add(any);
  await untyped.get(env, "x").group({ tasks: any, then: { queue: "y" } });
}

// A function for any queue, or any group, takes those whose types are known.
export function handedOn(): void {
  const queue: QueueHandle<Mail> = queues.get(env, "mail");
  const group: GroupHandle = queues.group(env, "g");
  const untypedQueue: QueueHandle = untyped.get(env, "x");
  void [queue, group, untypedQueue];
  // @ts-expect-error: its payload is another one.
  const wrong: QueueHandle<Mail> = queues.get(env, "sums");
  void wrong;
}
