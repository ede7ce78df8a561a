// Routing: parses a path into a page, and builds the path of a page.

export const HOME = "/_ah/console";

export type Route =
  | { page: "queues" }
  | { page: "queue"; queue: string }
  | { page: "task"; queue: string; task: string }
  | { page: "preview"; queue: string }
  | { page: "keys"; queue: string }
  | { page: "failures"; queue: string }
  | { page: "group"; group: string }
  | { page: "cron" }
  | { page: "alerts" }
  | { page: "audit" }
  | { page: "costs" }
  | { page: "plan" }
  | { page: "unknown" };

/** Pages of everything, which need no name. */
const ALONE = ["cron", "alerts", "audit", "costs", "plan"] as const;

function isAlone(kind: string): kind is (typeof ALONE)[number] {
  return (ALONE as readonly string[]).includes(kind);
}

/** Parses a percent-encoded path; a trailing slash is ignored. */
export function routeOf(pathname: string): Route {
  if (pathname !== HOME && !pathname.startsWith(`${HOME}/`)) return { page: "unknown" };
  const segments = pathname.slice(HOME.length).split("/").filter(Boolean).map(decoded);
  const [kind, name, more, task] = segments;
  if (kind === undefined) return { page: "queues" };
  if (isAlone(kind) && segments.length === 1) return { page: kind };
  if (kind === "groups" && name && segments.length === 2) return { page: "group", group: name };
  if (kind !== "queues" || !name) return { page: "unknown" };
  if (segments.length === 2) return { page: "queue", queue: name };
  if ((more === "preview" || more === "keys" || more === "failures") && segments.length === 3) {
    return { page: more, queue: name };
  }
  if (more === "tasks" && task && segments.length === 4) return { page: "task", queue: name, task };
  return { page: "unknown" };
}

export function pathOf(route: Exclude<Route, { page: "unknown" }>): string {
  switch (route.page) {
    case "queues":
      return HOME;
    case "cron":
    case "alerts":
    case "audit":
    case "costs":
    case "plan":
      return `${HOME}/${route.page}`;
    case "group":
      return `${HOME}/groups/${encodeURIComponent(route.group)}`;
    case "queue":
      return `${HOME}/queues/${encodeURIComponent(route.queue)}`;
    case "preview":
    case "keys":
    case "failures":
      return `${pathOf({ page: "queue", queue: route.queue })}/${route.page}`;
    case "task":
      return `${pathOf({ page: "queue", queue: route.queue })}/tasks/${encodeURIComponent(route.task)}`;
  }
}

/** The browser tab's title. */
export function titleOf(route: Route): string {
  return [...placeOf(route), "Task queues"].join(" · ");
}

function placeOf(route: Route): string[] {
  switch (route.page) {
    case "queue":
      return [route.queue];
    case "task":
      return [route.task, route.queue];
    case "preview":
      return ["Preview", route.queue];
    case "keys":
      return ["Keys", route.queue];
    case "failures":
      return ["Failures", route.queue];
    case "group":
      return [`Group ${route.group}`];
    case "cron":
      return ["Cron"];
    case "alerts":
      return ["Alerts"];
    case "audit":
      return ["Audit"];
    case "costs":
      return ["Costs"];
    case "plan":
      return ["Plan"];
    default:
      return [];
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
