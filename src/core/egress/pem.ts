// Parses private keys: one or more PEM blocks, as openssl writes them.
import { fromBase64 } from "../bytes.ts";
import { type Answer, type Refusal, refuse } from "../errors.ts";

const LABEL = "PRIVATE KEY";
const BLOCK = /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/**
 * The PKCS #8 bytes of each key. Line breaks may be written as `\n`, for files where a value is one line.
 * Error messages do not contain the text.
 */
export function parsePrivateKeys(setting: string, name: string): Answer<Uint8Array[]> {
  const blocks = [...setting.replaceAll("\\n", "\n").matchAll(BLOCK)];
  if (blocks.length === 0) return bad(name, `no PEM block, expected -----BEGIN ${LABEL}-----`);
  const keys: Uint8Array[] = [];
  for (const [, label, text = ""] of blocks) {
    if (label !== LABEL) {
      const how = "openssl pkcs8 -topk8 -nocrypt makes one";
      return bad(name, `"${label}", expected "${LABEL}" (${how})`);
    }
    const bytes = fromBase64(text.replace(/\s/g, ""));
    if (!bytes) return bad(name, `no base64 between the lines of ${LABEL}`);
    keys.push(bytes);
  }
  return { ok: keys };
}

function bad(name: string, found: string): Refusal {
  return refuse("INVALID_REQUEST", `${name}: found ${found}`);
}
