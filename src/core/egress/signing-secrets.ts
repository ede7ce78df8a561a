// Parses the secrets that sign outgoing requests: `whsec_` and base64 (Standard Webhooks). Several, separated
// by commas or spaces, allow rotation.
import { fromBase64 } from "../bytes.ts";
import { type Answer, refuse } from "../errors.ts";

const PREFIX = "whsec_";
const BYTES = { min: 24, max: 64 };

/** The keys; none without the setting. Error messages name a secret by its position, never its text. */
export function parseSigningSecrets(
  setting: string | undefined,
  name = "TASKQUEUE_SIGNING_SECRET",
): Answer<Uint8Array[]> {
  const entries = (setting ?? "").split(/[\s,]+/).filter(Boolean);
  const keys = entries.map(keyOf);
  const bad = keys.indexOf(undefined);
  if (bad === -1) return { ok: keys as Uint8Array[] };
  return refuse(
    "INVALID_REQUEST",
    `${name}: secret ${bad + 1} of ${keys.length} is not ${PREFIX} and the base64 of ${BYTES.min} to ${BYTES.max} bytes`,
  );
}

function keyOf(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  const key = fromBase64(secret.slice(PREFIX.length));
  const isFit = key && key.length >= BYTES.min && key.length <= BYTES.max;
  return isFit ? key : undefined;
}
