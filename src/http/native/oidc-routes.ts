// OpenID discovery for receivers of identity tokens: the issuer and its public keys. Public, without
// authentication.
import { invalid, refuse } from "../../core/errors.ts";
import { type Identity, identityOf } from "../../objects/egress/identity.ts";
import type { QueueSettings } from "../../objects/settings.ts";
import { errorResponse, headOf, json, jsonText } from "../respond.ts";

export const OIDC_PREFIX = "/_ah/oidc";

const DOCUMENTS: Record<string, (identity: Identity) => object> = {
  "/.well-known/openid-configuration": ({ issuer }) => ({
    issuer,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    claims_supported: ["iss", "aud", "sub", "azp", "email", "email_verified", "iat", "exp"],
  }),
  "/jwks": ({ keys }) => ({ keys: keys.map((key) => key.public) }),
};

/** Answers a request to a path, percent-decoded, under `/_ah/oidc`. */
export async function answerOidc(
  { method }: Request,
  pathname: string,
  settings: QueueSettings,
): Promise<Response> {
  if (method === "GET") return documentAt(pathname, settings);
  if (method === "HEAD") return headOf(await documentAt(pathname, settings));
  const response = errorResponse(invalid("method", method, "GET or HEAD").failure);
  response.headers.set("Allow", "GET, HEAD");
  return response;
}

async function documentAt(pathname: string, settings: QueueSettings): Promise<Response> {
  const document = DOCUMENTS[pathname.slice(OIDC_PREFIX.length)];
  const known = Object.keys(DOCUMENTS).map((path) => OIDC_PREFIX + path);
  if (!document) return notFound(`path: found "${pathname}", expected ${known.join(" or ")}`);
  const { ok: identity, failure } = await identityOf(settings);
  if (failure) return notFound(failure.message);
  // Kept for a while, so a new key is published an hour before it signs.
  return jsonText(JSON.stringify(document(identity)), {
    headers: { "Cache-Control": "public, max-age=3600" },
  });
}

function notFound(message: string): Response {
  return json({ error: refuse("INVALID_REQUEST", message).failure }, 404);
}
