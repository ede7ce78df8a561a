// An attempt that leaves the Worker: its host is checked once more, it is signed, and sent. Never throws.
import { hostRefusal, parseHostRules } from "../../core/egress/host-rules.ts";
import { parseSigningSecrets } from "../../core/egress/signing-secrets.ts";
import { bodyOf, bytesOf, type Delivery, titleOf, urlOf } from "../delivery/delivery.ts";
import { headersOf } from "../delivery/headers.ts";
import type { WireOutcome } from "../delivery/outcome.ts";
import { writeText } from "../log.ts";
import type { QueueSettings } from "../settings.ts";
import { type Answer, finalAnswer } from "./final-answer.ts";
import { identityOf, signToken } from "./identity.ts";
import { webhookHeaders } from "./webhook-signature.ts";

export interface SendDeps {
  /** Where the task's target is mapped to; whoever set that may send there. */
  origin?: string;
  settings: QueueSettings;
  /** ms since 1970 */
  now: number;
  signal: AbortSignal;
  /** What goes on when the outcome is known: the rest of an answer's body. */
  behind(work: Promise<unknown>): void;
}

/** Why a request was not sent: what is wrong with the settings, or with where it was to go. */
class NotSent extends Error {}

/** What an answer means. */
export type Reader<O> = (answer: Answer, deps: SendDeps) => Promise<O>;

export async function send<O>(
  delivery: Delivery,
  deps: SendDeps,
  read: Reader<O>,
): Promise<O | WireOutcome> {
  try {
    const request = await signedRequest(delivery, deps);
    return await read(await finalAnswer(await fetch(request)), deps);
  } catch (error) {
    if (error instanceof NotSent) {
      writeText("error", `${titleOf(delivery)} not called: ${error.message}`);
      return { kind: "unanswered", error: `not called: ${error.message}` };
    }
    const { signal } = deps;
    return { kind: "unanswered", error: String(signal.aborted ? signal.reason : error) };
  }
}

async function signedRequest(delivery: Delivery, deps: SendDeps): Promise<Request> {
  const { origin, settings, signal } = deps;
  const url = urlOf(delivery, origin);
  if (origin === undefined) checkHost(url, settings);
  const { method = "POST" } = delivery.spec ?? {};
  const given = bodyOf(delivery);
  const content = bytesOf(given);
  // A copy: those of ordinary tasks are shared.
  const headers = new Headers(headersOf(delivery));
  const signed = {
    ...(await identityHeaders(delivery, url, deps)),
    ...(await signatureHeaders(delivery, content, deps)),
  };
  for (const [name, value] of Object.entries(signed)) headers.set(name, value);
  const body = given === undefined ? null : content;
  const init: RequestInit = { method, headers, body, signal, redirect: "manual" };
  // A GET, too, is to reach its target every time.
  return new Request(url, { ...init, cache: "no-store" });
}

// Checked again here, not only when it was added: the settings may have changed since.
function checkHost(url: string, { TASKQUEUE_ALLOW_HOSTS }: QueueSettings): void {
  const refusal = hostRefusal(new URL(url), parseHostRules(TASKQUEUE_ALLOW_HOSTS));
  if (refusal !== undefined) throw new NotSent(refusal);
}

async function identityHeaders(
  { spec }: Delivery,
  url: string,
  { settings, now }: SendDeps,
): Promise<Record<string, string>> {
  if (!spec?.oidcToken) return {};
  const { ok: identity, failure } = await identityOf(settings);
  if (failure) throw new NotSent(`oidcToken: ${failure.message}`);
  const { serviceAccountEmail, audience = url } = spec.oidcToken;
  const token = await signToken(identity, { serviceAccountEmail, audience }, now);
  return { Authorization: `Bearer ${token}` };
}

async function signatureHeaders(
  { queue, name }: Delivery,
  body: Uint8Array,
  { settings, now }: SendDeps,
): Promise<Record<string, string>> {
  const { ok: keys, failure } = parseSigningSecrets(settings.TASKQUEUE_SIGNING_SECRET);
  if (failure) throw new NotSent(failure.message);
  if (keys.length === 0) return {};
  // A queue's name has no underscore, so no two tasks share an id.
  return webhookHeaders(keys, { id: `${queue}_${name}`, now, body });
}
