// The request an attempt makes of the Worker's own handlers, or of those behind a binding.
import { bodyOf, bytesOf, type Delivery, urlOf } from "./delivery.ts";
import { headersOf } from "./headers.ts";

export function requestOf(delivery: Delivery, signal: AbortSignal): Request {
  const { method = "POST", dialect } = delivery.spec ?? {};
  const given = bodyOf(delivery);
  const body = dialect && given !== undefined ? bytesOf(given) : (given ?? null);
  const headers = headersOf(delivery);
  return new Request(urlOf(delivery), { method, headers, body, signal, redirect: "manual" });
}
