// Standard Webhooks: headers by which a receiver knows that a request comes from these queues, was not
// changed on its way, and is not an old one sent again.

import { joinBytes, toBase64, utf8 } from "../../core/bytes.ts";

/**
 * The three headers, with a signature for each key. `id` is the same for every attempt of a task, so that
 * a receiver may tell repeats by it, and has no full stop; `now` in ms since 1970.
 */
export async function webhookHeaders(
  keys: readonly Uint8Array[],
  { id, now, body }: { id: string; now: number; body: Uint8Array },
): Promise<Record<string, string>> {
  const timestamp = Math.floor(now / 1000);
  const head = utf8(`${id}.${timestamp}.`);
  const content = joinBytes([head, body]);
  const signatures = await Promise.all(keys.map((key) => signatureOf(key, content)));
  return {
    "webhook-id": id,
    "webhook-timestamp": `${timestamp}`,
    "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
  };
}

async function signatureOf(key: Uint8Array, content: Uint8Array): Promise<string> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
  return toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", imported, content)));
}
