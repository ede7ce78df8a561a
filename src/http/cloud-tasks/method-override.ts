// X-HTTP-Method-Override, for clients behind proxies that only pass POST, or whose query is too long for a
// url and is sent as the body.
import { FORM, mediaTypeOf } from "../../core/content-type.ts";
import { formOf } from "../body.ts";
import { readdressed } from "../readdressed.ts";

const OVERRIDE = "X-HTTP-Method-Override";
const METHODS = new Set(["GET", "PATCH", "PUT", "DELETE"]);

/** The method a request asks for; only a POST can be overridden. */
export function methodOf(request: Request): string {
  const method = request.headers.get(OVERRIDE)?.toUpperCase() ?? "";
  return request.method === "POST" && METHODS.has(method) ? method : request.method;
}

/** The request with that method. This may read its body, so who sent it has to be known before. */
export async function withMethodOverride(request: Request): Promise<Request> {
  const method = methodOf(request);
  if (method === request.method) return request;
  if (method !== "GET") return readdressed(request, { method });
  const url = new URL(request.url);
  if (mediaTypeOf(request.headers.get("Content-Type")) === FORM) {
    for (const [name, value] of await formOf(request)) url.searchParams.append(name, value);
  }
  return readdressed(request, { url: url.href, method });
}
