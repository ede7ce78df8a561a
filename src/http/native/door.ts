// The door of the JSON API.
import { checkAccess } from "../auth.ts";
import { type Door, isUnder } from "../door.ts";
import { errorResponse } from "../respond.ts";
import { API_PREFIX, answerApi } from "./router.ts";

/** Kept for metrics, which there are none of yet: it is never the Worker's own. */
const METRICS = "/_ah/metrics";
const noMetrics = () => new Response("There are no metrics yet.\n", { status: 404 });

/** The JSON API under `/_ah/api`. */
export const api: Door = {
  isFor: (_, path) => isUnder(path, API_PREFIX) || isUnder(path, METRICS),
  answer: async (request, path, { settings, queues, now }) => {
    const refusal = await checkAccess(request, settings, now);
    if (refusal) return errorResponse(refusal.failure);
    return isUnder(path, METRICS) ? noMetrics() : answerApi(request, queues);
  },
};
