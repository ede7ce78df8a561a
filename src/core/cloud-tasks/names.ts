// Resource names: projects/P/locations/L/queues/Q/tasks/T.

import { QUEUE_NAME } from "../config/names.ts";
import { isTaskName } from "../task/new-task-rules.ts";
import { badName, invalidArgument } from "./status.ts";

/** A project and a location. */
export interface Location {
  project: string;
  location: string;
}

const PROJECT = /^[A-Za-z0-9:.-]+$/;
const LOCATION = /^[A-Za-z0-9-]+$/;
const LOCATION_FORM = "projects/<PROJECT_ID>/locations/<LOCATION_ID>";
const FORMATTED = `Resource name must be formatted: "${LOCATION_FORM}".`;

export function locationName({ project, location }: Location): string {
  return `projects/${project}/locations/${location}`;
}

/** The project of a resource name. */
export function projectIn(name: string): string {
  return name.split("/")[1] ?? "";
}

export function queueNameOf(place: Location, queue: string): string {
  return `${locationName(place)}/queues/${queue}`;
}

export function checkProject(project: string): string {
  if (PROJECT.test(project)) return project;
  throw badName("project", FORMATTED);
}

export function checkLocation({ project, location }: Location): Location {
  if (!LOCATION.test(location)) throw badName("location", FORMATTED);
  return { project: checkProject(project), location };
}

export function checkQueueId(queue: string): string {
  if (QUEUE_NAME.test(queue)) return queue;
  throw badName("queue", `Queue name must be formatted: "${LOCATION_FORM}/queues/<QUEUE_ID>".`);
}

/** The queue's id in a body's name, which has to lie where the request says. */
export function queueIdIn(name: string | undefined, place: Location): string {
  const parent = `${locationName(place)}/queues/`;
  const id = /^projects\/[^/]*\/locations\/[^/]*\/queues\/([^/]*)$/.exec(name ?? "")?.[1];
  const queue = checkQueueId(id ?? "");
  if (name === parent + queue) return queue;
  throw invalidArgument(`The queue name '${name}' must lie under '${locationName(place)}'.`);
}

export function checkTaskId(id: string): string {
  if (isTaskName(id)) return id;
  throw badName(
    "task",
    `Task ID "${id}" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), or underscores (_). Task ID must between 1 and 500 characters.`,
  );
}

/** The task's id in a body's name, which has to lie under the request's queue. */
export function taskIdIn(name: string, queueName: string): string {
  const parts = /^(projects\/[^/]*\/locations\/[^/]*\/queues\/[^/]*)\/tasks\/(.*)$/s.exec(name);
  if (!parts) {
    throw badName(
      "task",
      `Task name must be formatted: "${LOCATION_FORM}/queues/<QUEUE_ID>/tasks/<TASK_ID>".`,
    );
  }
  const [, parent = "", id = ""] = parts;
  if (parent !== queueName) {
    throw invalidArgument(
      `The queue name from request ('${queueName}') must be the same as the queue name in the named task ('${parent}').`,
    );
  }
  return checkTaskId(id);
}
