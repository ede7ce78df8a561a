// A queue's httpTarget: its settings override those of the HTTP tasks on the queue.
import { utf8 } from "../bytes.ts";
import { formatValue } from "../errors.ts";
import type { HttpRequest, HttpTarget } from "./resources.ts";
import { CloudTasksError, invalidArgument } from "./status.ts";

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
  // What is there and empty clears its part of the url: port 0, an empty path, an empty query.
  if (uriOverride.port !== undefined)
    url.port = uriOverride.port === 0 ? "" : `${uriOverride.port}`;
  if (uriOverride.pathOverride) url.pathname = uriOverride.pathOverride.path ?? "";
  if (uriOverride.queryOverride) url.search = uriOverride.queryOverride.queryParams ?? "";
  return url.href;
}

/** Refuses an httpTarget that no task could be sent by, where it is set. */
export function checkHttpTarget({
  uriOverride,
  headerOverrides = [],
  oauthToken,
}: HttpTarget): void {
  if (oauthToken) throw noAccessTokens("HttpTarget.oauthToken");
  const { host, port = 0 } = uriOverride ?? {};
  if (host !== undefined && !isHost(host)) {
    throw invalidArgument(`UriOverride.host: found ${formatValue(host)}, expected a host name.`);
  }
  if (port < 0 || port > MAX_PORT) {
    throw invalidArgument(`UriOverride.port: found ${port}, expected 1 to ${MAX_PORT}, or 0.`);
  }
  const headers = headerOverrides.map(({ header }): [string, string] => [
    header?.key ?? "",
    header?.value ?? "",
  ]);
  checkHeaderBytes("HttpTarget.headerOverrides", headers);
}

const MAX_PORT = 65_535;

// A port, a path or a user would be lost where the host of a url is set.
function isHost(text: string): boolean {
  const url = `https://${text}/`;
  return /^[^\s/?#@\\]+$/.test(text) && !/:\d*$/.test(text) && URL.canParse(url);
}

export function noAccessTokens(field: string): CloudTasksError {
  return new CloudTasksError(
    "UNIMPLEMENTED",
    `${field}: only Google can issue its access tokens; use oidcToken.`,
  );
}

/** Bytes of the names and values of an HTTP task's headers. */
const MAX_HEADER_BYTES = 80 * 1024;

export function checkHeaderBytes(field: string, headers: readonly (readonly [string, string])[]) {
  let bytes = 0;
  for (const [name, value] of headers) bytes += bytesOf(name) + bytesOf(value);
  if (bytes < MAX_HEADER_BYTES) return;
  throw invalidArgument(`${field}: found ${bytes} bytes, expected less than 80KB.`);
}

// Nearly every header is ASCII, which needs no encoding to be counted.
function bytesOf(text: string): number {
  return /[^\0-\x7f]/.test(text) ? utf8(text).length : text.length;
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
