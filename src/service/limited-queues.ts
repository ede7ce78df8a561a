// The queues a binding may use, by its `props`: all of them, or those it lists.
import { errorOf, invalid, refuse } from "../core/errors.ts";
import type { QueueService } from "../http/queue-service.ts";

/** What a service binding says in its Worker's wrangler file. */
export interface BindingProps {
  /** The queues it may use, and nothing else then: no list of queues, no groups, no recurring tasks. Default all. */
  queues?: readonly string[];
  /** What the log and the audit call who uses the binding. */
  name?: string;
}

/** Throws PermissionDeniedError for props that are none: a rule that is misspelt must not mean that there is none. */
export function limitedTo(props: unknown, queues: QueueService): QueueService {
  const { queues: names, name: _, ...rest } = Object(props) as BindingProps;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw wrongProps("props", unknown, "queues and name alone");
  if (names === undefined) return queues;
  if (!Array.isArray(names)) throw wrongProps("props.queues", names, "a list of names of queues");
  return onlyThese(new Set(names), queues);
}

function onlyThese(names: ReadonlySet<string>, queues: QueueService): QueueService {
  const check = (name: string) => {
    if (!names.has(name)) throw denied(`queue: found "${name}"`, names);
  };
  const refuseAll = (what: string) => () => {
    throw denied(`found a call for ${what}`, names);
  };
  return {
    who: queues.who,
    role: queues.role,
    get: (name) => {
      check(name);
      return queues.get(name);
    },
    exists: async (name) => {
      check(name);
      return queues.exists(name);
    },
    watch: async (asked) => {
      if (asked === undefined) refuseAll("all queues")();
      for (const name of asked ?? []) check(name);
      return queues.watch(asked);
    },
    hosts: queues.hosts,
    page: refuseAll("all queues"),
    group: refuseAll("a group"),
    createGroup: refuseAll("a group"),
    cron: refuseAll("recurring tasks"),
    now: () => queues.now(),
    figures: refuseAll("all queues"),
    plan: refuseAll("all queues"),
    audit: refuseAll("the audit"),
  };
}

function denied(found: string, names: ReadonlySet<string>) {
  const message = `${found}, expected one of the queues that this binding may use: ${[...names].join(", ")}`;
  return errorOf(refuse("PERMISSION_DENIED", message).failure);
}

function wrongProps(field: string, value: unknown, expected: string) {
  return errorOf(invalid(field, value, expected, "PERMISSION_DENIED").failure);
}

/** What a binding is called that says so, or does not. Throws PermissionDeniedError for what is no name. */
export function nameOfBinding(name: unknown): string {
  if (name === undefined) return "binding";
  if (typeof name === "string" && /^[\w.@+-]{1,100}$/.test(name)) return `binding ${name}`;
  throw wrongProps("props.name", name, "1 to 100 letters, digits, and . _ @ + -");
}
