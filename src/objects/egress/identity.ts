// Identity tokens: OpenID Connect's, signed (RS256) with a key of the settings. Whoever gets one checks it
// against the key set this Worker publishes, as with a token of any other issuer.
import { toBase64Url, utf8 } from "../../core/bytes.ts";
import { parsePrivateKeys } from "../../core/egress/pem.ts";
import { type Answer, invalid, refuse } from "../../core/errors.ts";
import type { OidcToken } from "../../core/task/task.ts";
import type { QueueSettings } from "../settings.ts";

const LIFETIME_S = 300;
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** A public key as a key set lists it. */
interface PublicKey {
  kty: "RSA";
  n: string;
  e: string;
  alg: "RS256";
  use: "sig";
  kid: string;
}

/** Who the queues are, to receivers of tokens: the first key signs, all are published. */
export interface Identity {
  issuer: string;
  keys: readonly { private: CryptoKey; public: PublicKey }[];
}

/** Whether the settings say who the queues are. */
export function hasIdentity(settings: QueueSettings): boolean {
  return Boolean(settings.TASKQUEUE_OIDC_KEY && settings.TASKQUEUE_OIDC_ISSUER);
}

export const NO_IDENTITY = "set TASKQUEUE_OIDC_KEY and TASKQUEUE_OIDC_ISSUER to sign tokens with";

// Reading a key takes a millisecond, and the settings of a Worker do not change while it runs.
let read: { settings: string; identity: Promise<Answer<Identity>> } | undefined;

/** The identity of the settings; a refusal says what is wrong with them. */
export function identityOf(settings: QueueSettings): Promise<Answer<Identity>> {
  const { TASKQUEUE_OIDC_KEY: key = "", TASKQUEUE_OIDC_ISSUER: issuer = "" } = settings;
  const both = `${issuer} ${key}`;
  if (read?.settings !== both) read = { settings: both, identity: readIdentity(key, issuer) };
  return read.identity;
}

async function readIdentity(text: string, issuer: string): Promise<Answer<Identity>> {
  if (text === "" || issuer === "") return refuse("INVALID_REQUEST", NO_IDENTITY);
  if (!/^https?:\/\//.test(issuer) || !URL.canParse(issuer)) {
    return invalid("TASKQUEUE_OIDC_ISSUER", issuer, "a url such as https://your.worker/_ah/oidc");
  }
  const parsed = parsePrivateKeys(text, "TASKQUEUE_OIDC_KEY");
  if (parsed.failure) return parsed;
  try {
    const keys = await Promise.all(parsed.ok.map(importKey));
    return { ok: { issuer: issuer.replace(/\/$/, ""), keys } };
  } catch {
    return refuse("INVALID_REQUEST", "TASKQUEUE_OIDC_KEY: expected RSA private keys");
  }
}

async function importKey(pkcs8: Uint8Array): Promise<Identity["keys"][number]> {
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, RS256, true, ["sign"]);
  const { n = "", e = "" } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  const kid = await thumbprint(n, e);
  return { private: key, public: { kty: "RSA", n, e, alg: "RS256", use: "sig", kid } };
}

// RFC 7638: the same key has the same name wherever it is published.
async function thumbprint(n: string, e: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8(JSON.stringify({ e, kty: "RSA", n })));
  return toBase64Url(new Uint8Array(digest));
}

/** A token that says whom it speaks for and to; `now` in ms since 1970. It holds for five minutes. */
export async function signToken(
  { issuer, keys }: Identity,
  { serviceAccountEmail: email, audience }: Required<OidcToken>,
  now: number,
): Promise<string> {
  const [key] = keys as [Identity["keys"][number]];
  const iat = Math.floor(now / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: email,
    azp: email,
    email,
    email_verified: true,
  };
  const head = part({ alg: "RS256", typ: "JWT", kid: key.public.kid });
  const content = `${head}.${part({ ...claims, iat, exp: iat + LIFETIME_S })}`;
  const signature = await crypto.subtle.sign(RS256.name, key.private, utf8(content));
  return `${content}.${toBase64Url(new Uint8Array(signature))}`;
}

function part(value: object): string {
  return toBase64Url(utf8(JSON.stringify(value)));
}
