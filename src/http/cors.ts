// Pages of other origins (the Fetch standard's CORS protocol): which of them a browser lets use the API and read its
// answers. They show the token as everybody else does; cookies of the console's are never theirs.
import { allowedOrigin } from "../core/origins.ts";
import type { DoorSettings } from "./auth.ts";

const ALLOWED = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  "Access-Control-Allow-Headers": [
    ...["Authorization", "Content-Type", "Content-Encoding", "X-Goog-Api-Key", "X-Goog-Api-Client"],
    ...["X-Goog-FieldMask", "X-Goog-Request-Params", "X-Goog-User-Project"],
    ...["X-HTTP-Method-Override"],
  ].join(", "),
  // Two hours, which is as long as Chromium remembers it.
  "Access-Control-Max-Age": "7200",
};

const EXPOSED = "Retry-After, Allow";

/** What `answer` comes to, for pages of allowed origins too; a preflight is answered before anything is asked of it. */
export async function withCors(
  request: Request,
  { TASKQUEUE_ALLOW_ORIGINS: setting }: DoorSettings,
  answer: () => Promise<Response>,
): Promise<Response> {
  if (!setting) return answer();
  const { headers } = request;
  const allowed = allowedOrigin(setting, headers.get("Origin") ?? "");
  const isPreflight = request.method === "OPTIONS" && headers.has("Access-Control-Request-Method");
  const isOther = headers.has("Origin") && allowed !== undefined;
  const response =
    isPreflight && isOther ? new Response(null, { status: 204, headers: ALLOWED }) : await answer();
  // To others the answer is another one, which caches have to know.
  if (allowed !== "*") response.headers.append("Vary", "Origin");
  if (!isOther) return response;
  response.headers.set("Access-Control-Allow-Origin", allowed);
  response.headers.set("Access-Control-Expose-Headers", EXPOSED);
  return response;
}
