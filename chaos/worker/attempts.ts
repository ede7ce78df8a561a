// What a queue's object says of its attempts: each request is stamped as it leaves, and when its result is on
// disk the collector hears so.
import type {
  BatchDelivery,
  Delivery,
  PackedDelivery,
} from "../../src/objects/delivery/delivery.ts";
import type {
  EgressRpc,
  PlacedOutcome,
  SharedOutcomes,
  TaskRunnerRpc,
} from "../../src/objects/rpc.ts";
import type { Report } from "../report.ts";
import { attemptIn } from "../together.ts";
import { latestReading, onwardReading } from "./clock.ts";

export interface Pace {
  /** The clock's reading when the turn began whose attempts start now. */
  turnAt: number;
  turnOnwardAt: number;
}

/** The object's way to handlers and to other servers, with every attempt stamped and followed. */
export function followed(
  ctx: DurableObjectState,
  pace: Pace,
  report: (event: Report) => Promise<unknown>,
): object {
  const out = ctx.exports as unknown as {
    TaskRunner: TaskRunnerRpc;
    TaskEgress: { getByName(name: string): EgressRpc };
  };
  const begin = (delivery: Delivery): Begun => {
    const attempt = crypto.randomUUID();
    const ended = () =>
      void whenWritten(ctx).then(() =>
        report({ kind: "written", attempt, task: delivery.name, reading: latestReading() }),
      );
    return { sent: stamped(delivery, attempt, pace), ended };
  };
  const follow = async <T>(delivery: Delivery, send: (sent: Delivery) => Promise<T>) => {
    const { sent, ended } = begin(delivery);
    try {
      return await send(sent);
    } finally {
      ended();
    }
  };
  const runBatch = async (delivery: BatchDelivery) => {
    const call = crypto.randomUUID();
    const told = async () => {
      await whenWritten(ctx);
      for (const task of delivery.batch) {
        const attempt = attemptIn(call, task);
        await report({ kind: "written", attempt, task, reading: latestReading() });
      }
    };
    try {
      return await out.TaskRunner.runBatch(stamped(delivery, call, pace));
    } finally {
      void told();
    }
  };
  const TaskRunner = {
    runBatch,
    run: (...given: PackedDelivery | [Delivery]) =>
      follow(deliveryIn(given), (sent) => out.TaskRunner.run(...inFormOf(given, sent))),
    runTogether: (deliveries: readonly PackedDelivery[]) => {
      const begun = deliveries.map((given) => {
        const { sent, ended } = begin(deliveryIn(given));
        return { sent: inFormOf(given, sent), ended };
      });
      return followTogether(begun, out.TaskRunner);
    },
  };
  const TaskEgress = {
    getByName: (name: string) => ({
      send: (delivery: Delivery) =>
        follow(delivery, (sent) => out.TaskEgress.getByName(name).send(sent)),
    }),
  };
  return new Proxy(out, {
    get: (target, field) => {
      if (field === "TaskRunner") return TaskRunner;
      return field === "TaskEgress" ? TaskEgress : Reflect.get(target, field, target);
    },
  });
}

// The version before has a delivery in one argument.
function deliveryIn(given: PackedDelivery | [Delivery]): Delivery {
  const [first] = given;
  if (typeof first !== "string") return first;
  const [queue, name, attempt, due, body, unusual] = given as PackedDelivery;
  const delivery: Delivery = { queue, name, attempt, due, ...unusual };
  return body === undefined ? delivery : { ...delivery, body };
}

function inFormOf(given: PackedDelivery | [Delivery], sent: Delivery): PackedDelivery {
  if (typeof given[0] !== "string") return [sent] as never;
  const { queue, name, attempt, due, body, ...unusual } = sent;
  return [queue, name, attempt, due, body, unusual];
}

interface Begun<Sent = Delivery> {
  sent: Sent;
  /** Its outcome is there. */
  ended: () => void;
}

async function followTogether(attempts: readonly Begun<PackedDelivery>[], runner: TaskRunnerRpc) {
  const ended = (outcomes: readonly PlacedOutcome[]) => {
    for (const [place] of outcomes) attempts[place]?.ended();
  };
  try {
    const answer = await runner.runTogether(attempts.map(({ sent }) => sent));
    if (Array.isArray(answer)) {
      for (const attempt of attempts) attempt.ended();
      return answer;
    }
    ended(answer.ended);
    return { ended: answer.ended, rest: restOf(answer, ended) };
  } catch (error) {
    for (const attempt of attempts) attempt.ended();
    throw error;
  }
}

function restOf(answer: SharedOutcomes, ended: (outcomes: readonly PlacedOutcome[]) => void) {
  return {
    next: async () => {
      const later = await answer.rest.next();
      ended(later.ended);
      if (!later.areMore) (answer as Partial<Disposable>)[Symbol.dispose]?.();
      return later;
    },
  };
}

// The result joins the group commit that a timer of 0 ms begins: it was set before the second of these.
async function whenWritten({ storage }: DurableObjectState): Promise<void> {
  await scheduler.wait(0);
  await scheduler.wait(0);
  await storage.sync();
}

function stamped<D extends Delivery>(delivery: D, attempt: string, pace: Pace): D {
  const { spec } = delivery;
  const stamps: [string, string][] = [
    ["X-Chaos-Attempt", attempt],
    ["X-Chaos-Turn", `${pace.turnAt}`],
    ["X-Chaos-Latest", `${latestReading()}`],
    ["X-Chaos-Turn-Onward", `${pace.turnOnwardAt}`],
    ["X-Chaos-Latest-Onward", `${onwardReading()}`],
    ["X-Chaos-At", `${Date.now()}`],
    ["X-Chaos-Shard", `${delivery.shard ?? 0}`],
  ];
  return { ...delivery, spec: { ...spec, headers: [...(spec?.headers ?? []), ...stamps] } };
}
