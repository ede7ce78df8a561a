// What each route of the API needs: reading, working with tasks, or deciding what there is and who may do what.
import type { Role } from "../../core/tokens.ts";

const QUEUE = "/_ah/api/queues/:queue";
const GROUP = "/_ah/api/groups";
const CRON = "/_ah/api/cron";

/** Every route has a row; one that has none is for `admin`, and a test finds it. */
export const API_ROLES: Readonly<Record<string, Role>> = {
  "GET /_ah/api/queues": "read",
  [`GET ${QUEUE}`]: "read",
  [`PUT ${QUEUE}`]: "admin",
  [`DELETE ${QUEUE}`]: "admin",
  [`POST ${QUEUE}/~pause`]: "operate",
  [`POST ${QUEUE}/~resume`]: "operate",
  [`POST ${QUEUE}/~purge`]: "operate",
  [`POST ${QUEUE}/tasks`]: "operate",
  [`GET ${QUEUE}/tasks`]: "read",
  [`POST ${QUEUE}/tasks/~delete`]: "operate",
  [`POST ${QUEUE}/tasks/~lease`]: "operate",
  [`POST ${QUEUE}/tasks/~ack`]: "operate",
  [`POST ${QUEUE}/tasks/:name/~modifyLease`]: "operate",
  [`POST ${QUEUE}/tasks/:name/~fail`]: "operate",
  [`POST ${QUEUE}/tasks/~redrive`]: "operate",
  [`POST ${QUEUE}/tasks/:name/~run`]: "operate",
  [`POST ${QUEUE}/tasks/:name/~reschedule`]: "operate",
  [`GET ${QUEUE}/tasks/:name`]: "read",
  [`DELETE ${QUEUE}/tasks/:name`]: "operate",
  [`GET ${QUEUE}/tombstones`]: "read",
  [`DELETE ${QUEUE}/tombstones/:name`]: "admin",
  [`GET ${QUEUE}/keys`]: "read",
  [`GET ${QUEUE}/keys/:key`]: "read",
  [`PUT ${QUEUE}/keys/:key`]: "admin",
  [`DELETE ${QUEUE}/keys/:key`]: "admin",
  [`GET ${QUEUE}/history`]: "read",
  [`GET ${QUEUE}/~export`]: "read",
  [`POST ${QUEUE}/~import`]: "admin",
  [`GET ${QUEUE}/events`]: "read",
  "GET /_ah/api/events": "read",
  "GET /_ah/api/audit": "admin",
  "GET /_ah/api/costs": "read",
  "POST /_ah/api/plan": "read",
  [`POST ${GROUP}`]: "operate",
  [`GET ${GROUP}/:name`]: "read",
  [`GET ${GROUP}/:name/events`]: "read",
  [`GET ${GROUP}/:name/results`]: "read",
  [`POST ${GROUP}/:name/tasks`]: "operate",
  [`POST ${GROUP}/:name/~close`]: "operate",
  [`POST ${GROUP}/:name/~cancel`]: "operate",
  [`GET ${CRON}`]: "read",
  [`POST ${CRON}/:name/~run`]: "operate",
  [`POST ${CRON}/:name/~pause`]: "operate",
  [`POST ${CRON}/:name/~resume`]: "operate",
};
