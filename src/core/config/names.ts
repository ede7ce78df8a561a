// Names of queues and of cron.yaml's entries.
import { invalid, type Refusal } from "../errors.ts";

/** Queue names: 1 to 100 letters, digits and hyphens. */
export const QUEUE_NAME = /^[A-Za-z0-9-]{1,100}$/;

export const QUEUE_NAME_FORM = "1 to 100 letters, digits and hyphens";

/** What is expected in place of the name of a limit that is not in the file. */
export const LIMIT_IN_FILE = "a limit that extensions.limits at the top of queue.yaml has";

// A queue made over the API may have a namespace, `acme/us-central1/mail`. Its handlers see the last part.
const IN_NAMESPACE = /^((?:[A-Za-z0-9:.-]+\/)+)([^/]*)$/;

/** The namespace with its slash, "" when there is none, and the name in it. */
export function splitQueueName(name: string): { namespace: string; short: string } {
  const [, namespace = "", short = name] = IN_NAMESPACE.exec(name) ?? [];
  return { namespace, short };
}

/** Whether a queue can have this name, in a namespace or not. */
export function isQueueName(name: unknown): name is string {
  return typeof name === "string" && QUEUE_NAME.test(splitQueueName(name).short);
}

/** Refuses what can be no queue's name; `field` says where it stands. */
export function checkQueueName(name: unknown, field = "queue"): Refusal | undefined {
  if (isQueueName(name)) return undefined;
  return invalid(field, name, QUEUE_NAME_FORM, "INVALID_QUEUE_NAME");
}

export function shortQueueName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** An entry's name: 1 to 100 letters, digits, hyphens and underscores. */
export const CRON_NAME = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * App Engine's entries have no names, and here each needs one: `extensions.name`, or else one made of its
 * description or its url. Undefined for an entry that has none of the three.
 */
export function cronName(entry: Record<string, unknown>): string | undefined {
  const { extensions, description, url } = entry;
  const { name } = Object(extensions) as { name?: unknown };
  if (name !== undefined) return typeof name === "string" ? name : undefined;
  return slug(description) ?? slug(url);
}

/** "Daily summary job" -> "daily-summary-job" */
function slug(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 100) || undefined;
}
