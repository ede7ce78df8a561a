// Private keys as text: one or several PEM blocks, as openssl writes them.
import { fromBase64 } from "./base64.ts";
import { type Answer, refuse } from "./errors.ts";

const BLOCK = /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/**
 * The PKCS #8 bytes of each key. Line breaks may stand as `\n`, as in files where a value is one line.
 * What is wrong is told without showing the text.
 */
export function parsePrivateKeys(setting: string, name: string): Answer<Uint8Array[]> {
  const blocks = [...setting.replaceAll("\\n", "\n").matchAll(BLOCK)];
  if (blocks.length === 0) {
    return refuse(
      "INVALID_REQUEST",
      `${name}: found no PEM block, expected -----BEGIN PRIVATE KEY-----`,
    );
  }
  const keys: Uint8Array[] = [];
  for (const [, label, text = ""] of blocks) {
    const bytes = fromBase64(text.replace(/\s/g, ""));
    if (label !== "PRIVATE KEY" || !bytes) {
      const how = "openssl pkcs8 -topk8 -nocrypt makes one";
      return refuse(
        "INVALID_REQUEST",
        `${name}: found "${label}", expected "PRIVATE KEY" (${how})`,
      );
    }
    keys.push(bytes);
  }
  return { ok: keys };
}
