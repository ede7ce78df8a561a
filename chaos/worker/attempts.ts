// What a queue's object says of its attempts: each request is stamped as it leaves, and when its result is on
// disk the collector hears so.
import type { Report } from "../report.ts";
import { latestReading } from "./clock.ts";

interface Delivery {
  name: string;
  spec?: { headers?: [string, string][] };
}

type Send = (delivery: Delivery) => Promise<unknown>;

export interface Pace {
  /** The clock's reading when the turn began whose attempts start now. */
  turnAt: number;
}

/** The object's way to handlers and to other servers, with every attempt stamped and followed. */
export function followed(
  ctx: DurableObjectState,
  pace: Pace,
  report: (event: Report) => Promise<unknown>,
): object {
  const out = ctx.exports as unknown as {
    TaskRunner: { run: Send };
    TaskEgress: { getByName(name: string): { send: Send } };
  };
  const follow = async (delivery: Delivery, send: Send) => {
    const attempt = crypto.randomUUID();
    try {
      return await send(stamped(delivery, attempt, pace));
    } finally {
      void whenWritten(ctx).then(() =>
        report({ kind: "written", attempt, task: delivery.name, reading: latestReading() }),
      );
    }
  };
  const TaskRunner = {
    run: (delivery: Delivery) => follow(delivery, (one) => out.TaskRunner.run(one)),
  };
  const TaskEgress = {
    getByName: (name: string) => ({
      send: (delivery: Delivery) =>
        follow(delivery, (one) => out.TaskEgress.getByName(name).send(one)),
    }),
  };
  return new Proxy(out, {
    get: (target, field) => {
      if (field === "TaskRunner") return TaskRunner;
      return field === "TaskEgress" ? TaskEgress : Reflect.get(target, field, target);
    },
  });
}

// The result joins the group commit that a timer of 0 ms begins: it was set before the second of these.
async function whenWritten({ storage }: DurableObjectState): Promise<void> {
  await scheduler.wait(0);
  await scheduler.wait(0);
  await storage.sync();
}

function stamped({ spec, ...delivery }: Delivery, attempt: string, { turnAt }: Pace): Delivery {
  const stamps: [string, string][] = [
    ["X-Chaos-Attempt", attempt],
    ["X-Chaos-Turn", `${turnAt}`],
    ["X-Chaos-Latest", `${latestReading()}`],
    ["X-Chaos-At", `${Date.now()}`],
  ];
  return { ...delivery, spec: { ...spec, headers: [...(spec?.headers ?? []), ...stamps] } };
}
