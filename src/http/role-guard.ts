// What stands in front of every route: whether the caller's role may what the route does.
import type { IRequest, RouteEntry } from "itty-router";
import { errorOf, refuse } from "../core/errors.ts";
import { mayDo, type Role } from "../core/tokens.ts";
import type { QueueService } from "./queue-service.ts";

/** What the guard looks at of a caller. */
export type Actor = Pick<QueueService, "who" | "role">;

/** Puts it there; `roles` by "GET /path". What is not decided is for `admin` alone. */
export function guardRoutes(
  routes: readonly RouteEntry[],
  roles: Readonly<Record<string, Role>>,
  actorOf: (args: readonly unknown[]) => Actor,
): void {
  for (const [method, , handlers, path] of routes) {
    const needed = roles[`${method} ${path}`] ?? "admin";
    handlers.unshift((_: IRequest, ...args: unknown[]) => checkRole(actorOf(args), needed));
  }
}

function checkRole({ who, role }: Actor, needed: Role): void {
  if (mayDo(role, needed)) return;
  const message = `the token "${who}" has the role ${role}, expected ${needed} for this`;
  throw errorOf(refuse("PERMISSION_DENIED", message).failure);
}
