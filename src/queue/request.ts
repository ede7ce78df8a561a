// The request an attempt makes of the Worker's own handlers, or of those behind a binding.
import { carriesBody } from "../core/task.ts";
import { type Delivery, urlOf } from "./delivery.ts";
import { headersOf } from "./delivery-headers.ts";

export function requestOf(delivery: Delivery, signal: AbortSignal): Request {
  const method = delivery.spec?.method ?? "POST";
  const body = carriesBody(method) ? (delivery.body ?? null) : null;
  const headers = headersOf(delivery);
  return new Request(urlOf(delivery), { method, headers, body, signal, redirect: "manual" });
}
