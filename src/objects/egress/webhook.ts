// A webhook: its host is checked, it is signed, and sent once. Never throws.
import { utf8 } from "../../core/bytes.ts";
import { hostRefusal, parseHostRules } from "../../core/egress/host-rules.ts";
import { parseSigningSecrets } from "../../core/egress/signing-secrets.ts";
import type { Webhook, WebhookAnswer } from "../rpc.ts";
import { finalAnswer } from "./final-answer.ts";
import type { PostWebhook } from "./task-egress.ts";
import { webhookHeaders } from "./webhook-signature.ts";

/** Whoever has not answered by then, in ms, is asked again later. */
const DEADLINE_MS = 20_000;

export const postWebhook: PostWebhook = async (webhook, { settings, now }) => {
  const url = new URL(webhook.url);
  const refusal = hostRefusal(url, parseHostRules(settings.TASKQUEUE_ALLOW_HOSTS));
  if (refusal !== undefined) return { error: `not sent: ${refusal}` };
  const { ok: keys, error } = keysOf(webhook, settings);
  return keys ? send(webhook, keys, now) : { error: `not sent: ${error}` };
};

// What is not signed cannot be told from what anybody sends.
function keysOf({ secret }: Webhook, settings: object): { ok?: Uint8Array[]; error?: string } {
  const setting = (settings as Record<string, unknown>)[secret];
  const text = typeof setting === "string" ? setting : "";
  const { ok: keys, failure } = parseSigningSecrets(text, secret);
  if (failure) return { error: failure.message };
  if (keys.length > 0) return { ok: keys };
  return { error: `${secret}: found nothing, expected a secret, whsec_ and base64` };
}

async function send(
  { id, url, body: text }: Webhook,
  keys: readonly Uint8Array[],
  now: number,
): Promise<WebhookAnswer> {
  const body = utf8(text);
  const signed = await webhookHeaders(keys, { id, now, body });
  const headers = { "Content-Type": "application/json", ...signed };
  const init = { method: "POST", headers, body, redirect: "manual" } as const;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
    const answer = await finalAnswer(response);
    await answer.body?.cancel();
    return { status: answer.status };
  } catch (error) {
    return { error: String(error) };
  }
}
