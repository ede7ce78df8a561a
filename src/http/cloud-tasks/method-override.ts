// X-HTTP-Method-Override, for clients behind proxies that only pass POST, or whose query is too long for a
// url and is sent as the body.
import { fromUtf8 } from "../../core/bytes.ts";
import { copyOf } from "../request-copy.ts";

const OVERRIDE = "X-HTTP-Method-Override";
const METHODS = new Set(["GET", "PATCH", "PUT", "DELETE"]);

/** The request with the method of its header; only a POST can be overridden. */
export async function withMethodOverride(request: Request): Promise<Request> {
  const method = request.headers.get(OVERRIDE)?.toUpperCase() ?? "";
  if (request.method !== "POST" || !METHODS.has(method)) return request;
  if (method !== "GET") return copyOf(request, method);
  const url = new URL(request.url);
  const type = request.headers.get("Content-Type") ?? "";
  const text = fromUtf8(await request.arrayBuffer());
  if (type.startsWith("application/x-www-form-urlencoded")) {
    for (const [name, value] of new URLSearchParams(text)) url.searchParams.append(name, value);
  }
  return new Request(url, { method, headers: request.headers });
}
