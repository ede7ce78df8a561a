// A queue's httpTarget: its settings override those of the HTTP tasks on the queue.
import type { HttpRequest, HttpTarget } from "./resources.ts";
import { invalidArgument } from "./status.ts";

/** The request with the queue's overrides; one without a url gets the queue's. */
export function withHttpTarget(request: HttpRequest, target: HttpTarget | undefined): HttpRequest {
  if (!target) return request;
  const url = urlOf(request.url ?? "", target);
  const headers = withOverrides(request.headers ?? {}, target);
  const token = target.oidcToken
    ? { oidcToken: target.oidcToken }
    : target.oauthToken && { oauthToken: target.oauthToken };
  const method = target.httpMethod ?? request.httpMethod;
  return {
    ...request,
    url,
    ...(method !== undefined && { httpMethod: method }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...token,
  };
}

function urlOf(given: string, { uriOverride }: HttpTarget): string {
  if (!uriOverride) return given;
  const { uriOverrideEnforceMode: mode = "ALWAYS" } = uriOverride;
  if (given !== "" && (mode === "IF_NOT_EXISTS" || !URL.canParse(given))) return given;
  if (given === "" && !uriOverride.host) {
    throw invalidArgument("HttpTarget.uriOverride.host is required for a task without a url.");
  }
  const url = new URL(given === "" ? `https://${uriOverride.host}/` : given);
  if (uriOverride.scheme) url.protocol = `${uriOverride.scheme.toLowerCase()}:`;
  if (uriOverride.host) url.hostname = uriOverride.host;
  if (uriOverride.port !== undefined) url.port = `${uriOverride.port}`;
  const { path } = uriOverride.pathOverride ?? {};
  if (path) url.pathname = path;
  const { queryParams } = uriOverride.queryOverride ?? {};
  if (queryParams) url.search = queryParams;
  return url.href;
}

// An override takes the place of the task's header of that name, however it is written.
function withOverrides(
  given: Record<string, string>,
  { headerOverrides = [] }: HttpTarget,
): Record<string, string> {
  const overrides = headerOverrides.flatMap(({ header }) => (header?.key ? [header] : []));
  const replaced = new Set(overrides.map(({ key = "" }) => key.toLowerCase()));
  const others = Object.entries(given).filter(([name]) => !replaced.has(name.toLowerCase()));
  return Object.fromEntries([
    ...others,
    ...overrides.map(({ key = "", value = "" }) => [key, value]),
  ]);
}
