// The queues of a Worker, from anywhere that has fetch.
import type { ListedAlert } from "../core/alerts/alert-view.ts";
import type { CompiledFiles } from "../core/config/files.ts";
import type { DeployPlan } from "../core/config/plan.ts";
import type { Costs } from "../core/metrics/costs.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { QueueQuery } from "../core/task/calls.ts";
import type { PayloadTypes, UntypedPayloads } from "../core/task/typed-task.ts";
import { Connection } from "./connection.ts";
import { RemoteCron } from "./cron.ts";
import { RemoteGroup } from "./group.ts";
import type { CallOptions, ConnectOptions } from "./options.ts";
import { RemoteQueue } from "./queue.ts";

/** Queues in the order of their names. */
export interface QueueViewPage {
  queues: QueueView[];
  /** Absent on the last page. A page that has one may be short. */
  cursor?: string;
}

export interface RemoteQueues<Payloads extends PayloadTypes> {
  /** A queue, to add to and to act on. A name that is unknown, or can be none, is refused at the first call. */
  get<Name extends keyof Payloads & string>(name: Name): RemoteQueue<Payloads[Name]>;
  /** A page of all queues. */
  list(query?: QueueQuery, options?: CallOptions): Promise<QueueViewPage>;
  /** A group that was made before. */
  group(name: string): RemoteGroup;
  /** The recurring tasks of cron.yaml. */
  cron(): RemoteCron;
  /** What a deploy of these files, as texts or as `durable-taskqueue build` writes them, would change. Throws InvalidRequestError for files that are wrong. */
  plan(
    files: { queue: string; cron?: string } | CompiledFiles,
    options?: CallOptions,
  ): Promise<DeployPlan>;
  /** How the alerts of all queues stand. */
  alerts(options?: CallOptions): Promise<ListedAlert[]>;
  /** What the queues use of what the platform bills, and what that comes to at list prices. */
  costs(options?: CallOptions): Promise<Costs>;
}

/**
 * The queues of the Worker at `url`. Nothing is sent until the first call. `Payloads` may give the payload type of
 * each queue.
 */
export function connect<Payloads extends PayloadTypes = UntypedPayloads>(
  options: ConnectOptions,
): RemoteQueues<Payloads> {
  const connection = new Connection(options);
  const { idempotent = true } = options;
  return {
    get: (name) => new RemoteQueue(name, connection, idempotent),
    list: (query, call) =>
      connection.call(
        { method: "GET", path: "/queues", query: { ...query }, mayRepeat: true },
        call,
      ),
    group: (name) => new RemoteGroup(name, connection),
    cron: () => new RemoteCron(connection),
    plan: (body, call) =>
      connection.call({ method: "POST", path: "/plan", body, mayRepeat: true }, call),
    alerts: async (call) => {
      const request = { method: "GET", path: "/alerts", mayRepeat: true } as const;
      return (await connection.call<{ alerts: ListedAlert[] }>(request, call)).alerts;
    },
    costs: (call) => connection.call({ method: "GET", path: "/costs", mayRepeat: true }, call),
  };
}
