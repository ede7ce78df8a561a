// The queues of a token that may not use all: others are refused by name, and are in no list.
import type { GroupHandle } from "../client/group-handle.ts";
import type { CronView } from "../core/config/cron-view.ts";
import { errorOf, refuse } from "../core/errors.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { GroupTask } from "../core/task/group.ts";
import { hasQueue } from "../core/tokens.ts";
import type { Caller } from "./auth.ts";
import type { Visit } from "./door.ts";
import { ownEvents } from "./own-events.ts";
import type { CloudQueues, CronService, GroupService } from "./queue-service.ts";

/** The queues that the caller may use. */
export function queuesOf(caller: Caller, { queues }: Pick<Visit, "queues">): CloudQueues {
  return caller.queues ? ownQueues(caller.queues, queues(caller)) : queues(caller);
}

/** `own`: names of queues, and beginnings of names. */
function ownQueues(own: readonly string[], queues: CloudQueues): CloudQueues {
  const has = (name: string) => hasQueue(own, name);
  const check = (name: unknown) => {
    // What is no name is refused as such, where it is looked at.
    if (typeof name === "string" && !has(name))
      throw denied(`queue: found "${name}"`, queues.who, own);
  };
  const checkGroup = (group: Parts) => {
    const { queues: on = [], tasks, then, master } = group;
    for (const name of on) check(name);
    for (const task of Array.isArray(tasks) ? tasks : []) check(queueOf(task));
    for (const one of [then, master]) check(queueOf(one));
  };
  const onlyOwn = (views: readonly string[]) =>
    views.filter((view) => has((JSON.parse(view) as QueueView).name));
  return {
    who: queues.who,
    role: queues.role,
    hosts: queues.hosts,
    get: (name) => {
      check(name);
      return queues.get(name);
    },
    exists: async (name) => {
      check(name);
      return queues.exists(name);
    },
    wasRemoved: async (name) => {
      check(name);
      return queues.wasRemoved(name);
    },
    page: async (query) => {
      const { views, ...rest } = await queues.page(query);
      return { views: onlyOwn(views), ...rest };
    },
    pageAfter: async (name) => {
      const { views, ...rest } = await queues.pageAfter(name);
      return { views: onlyOwn(views), ...rest };
    },
    watch: async (names) => {
      for (const name of names ?? []) check(name);
      const events = await queues.watch(names);
      return names ? events : ownEvents(events, has);
    },
    group: (name) => ownGroup(queues.group(name), checkGroup),
    createGroup: async (given, trace) => {
      checkGroup(given);
      return queues.createGroup(given, trace);
    },
    now: () => queues.now(),
    figures: async (...asked) => {
      // What the directory uses is of others' queues too.
      const { queues: found, own: _, ...rest } = await queues.figures(...asked);
      return { queues: found.filter(({ name }) => has(name)), ...rest };
    },
    plan: async () => {
      throw denied("plan: found files of all queues", queues.who, own);
    },
    audit: async (query) => {
      check(query.queue);
      const { entries, ...rest } = await queues.audit(query);
      return { entries: entries.filter(({ queue }) => queue !== undefined && has(queue)), ...rest };
    },
    cron: () => ownCron(queues.cron(), has, check),
  };
}

/** What of a group, or of a new one, names queues. */
interface Parts {
  queues?: readonly string[];
  tasks?: unknown;
  then?: unknown;
  master?: unknown;
}

function queueOf(value: unknown): unknown {
  return (Object(value) as { queue?: unknown }).queue;
}

type Check = (group: Parts) => void;

/** A group is its holder's where all its queues are. */
function ownGroup(group: GroupService, check: Check): GroupService {
  const checked = async () => check(await group.progress());
  return {
    name: group.name,
    progress: async () => {
      const progress = await group.progress();
      check(progress);
      return progress;
    },
    addFrom: async (trace, tasks: readonly GroupTask[]) => {
      check({ tasks: [...tasks] });
      await checked();
      return group.addFrom(trace, tasks);
    },
    close: async () => {
      await checked();
      return group.close();
    },
    cancel: async () => {
      await checked();
      return group.cancel();
    },
    async *watch(options) {
      for await (const progress of group.watch(options)) {
        check(progress);
        yield progress;
      }
    },
    resultPage: async (...args: Parameters<GroupHandle["resultPage"]>) => {
      await checked();
      return group.resultPage(...args);
    },
  };
}

function ownCron(
  cron: CronService,
  has: (queue: string) => boolean,
  check: (queue: unknown) => void,
): CronService {
  const checked = async (name: string) => {
    const entry = (await cron.list()).find((one: CronView) => one.name === name);
    check(entry?.queue);
  };
  return {
    list: async () => (await cron.list()).filter(({ queue }) => has(queue)),
    run: async (name) => {
      await checked(name);
      return cron.run(name);
    },
    pause: async (name) => {
      await checked(name);
      return cron.pause(name);
    },
    resume: async (name) => {
      await checked(name);
      return cron.resume(name);
    },
  };
}

function denied(found: string, who: string, own: readonly string[]) {
  const message = `${found}, expected one that the token "${who}" may use: ${own.join(", ")}`;
  return errorOf(refuse("PERMISSION_DENIED", message).failure);
}
