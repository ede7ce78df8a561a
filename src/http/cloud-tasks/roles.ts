// What each route of Google's API needs; http/native/roles.ts has the same of the JSON API.
import type { Role } from "../../core/tokens.ts";

const LOCATIONS = "/projects/:project/locations";
const LOCATION = `${LOCATIONS}/:location`;
const QUEUE = `${LOCATION}/queues/:queue`;
const TASKS = `${QUEUE}/tasks`;

/** Every route has a row; one that has none is for `admin`, and a test finds it. */
export const CLOUD_TASKS_ROLES: Readonly<Record<string, Role>> = {
  [`GET ${LOCATIONS}`]: "read",
  [`GET ${LOCATION}`]: "read",
  [`GET ${LOCATION}/cmekConfig`]: "read",
  [`PATCH ${LOCATION}/cmekConfig`]: "admin",
  [`GET ${LOCATION}/queues`]: "read",
  [`POST ${LOCATION}/queues`]: "admin",
  [`GET ${QUEUE}`]: "read",
  [`PATCH ${QUEUE}`]: "admin",
  [`DELETE ${QUEUE}`]: "admin",
  [`POST ${QUEUE}/~purge`]: "operate",
  [`POST ${QUEUE}/~pause`]: "operate",
  [`POST ${QUEUE}/~resume`]: "operate",
  // They only look, but by a method that a reader may not use.
  [`POST ${QUEUE}/~getIamPolicy`]: "operate",
  [`POST ${QUEUE}/~testIamPermissions`]: "operate",
  [`POST ${QUEUE}/~setIamPolicy`]: "admin",
  [`GET ${TASKS}`]: "read",
  [`POST ${TASKS}`]: "operate",
  [`POST ${TASKS}/~batchCreate`]: "operate",
  [`POST ${TASKS}/~batchDelete`]: "operate",
  [`POST ${TASKS}/~buffer`]: "operate",
  [`POST ${TASKS}/~lease`]: "operate",
  [`GET ${TASKS}/:task`]: "read",
  [`DELETE ${TASKS}/:task`]: "operate",
  [`POST ${TASKS}/:task/~run`]: "operate",
  [`POST ${TASKS}/:task/~buffer`]: "operate",
  [`POST ${TASKS}/:task/~acknowledge`]: "operate",
  [`POST ${TASKS}/:task/~renewLease`]: "operate",
  [`POST ${TASKS}/:task/~cancelLease`]: "operate",
};
