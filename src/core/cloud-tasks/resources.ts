// The Cloud Tasks resources after reading: durations in seconds, instants in ms since 1970.
import type { Method, OidcToken } from "../task/task.ts";

export type Version = "v2" | "v2beta2" | "v2beta3";

export interface Routing {
  service?: string;
  version?: string;
  instance?: string;
  host?: string;
}

export interface Tokens {
  oauthToken?: { serviceAccountEmail?: string; scope?: string };
  oidcToken?: Partial<OidcToken>;
}

export interface HttpTarget extends Tokens {
  uriOverride?: {
    scheme?: "HTTP" | "HTTPS";
    host?: string;
    port?: number;
    pathOverride?: { path?: string };
    queryOverride?: { queryParams?: string };
    uriOverrideEnforceMode?: "IF_NOT_EXISTS" | "ALWAYS";
  };
  httpMethod?: Method;
  headerOverrides?: { header?: { key?: string; value?: string } }[];
}

export interface RateLimits {
  maxDispatchesPerSecond?: number;
  maxBurstSize?: number;
  maxConcurrentDispatches?: number;
}

export interface RetryConfig {
  maxAttempts?: number;
  unlimitedAttempts?: boolean;
  maxRetryDuration?: number;
  minBackoff?: number;
  maxBackoff?: number;
  maxDoublings?: number;
}

export interface CloudQueue {
  name?: string;
  appEngineRoutingOverride?: Routing;
  appEngineHttpQueue?: { appEngineRoutingOverride?: Routing };
  pullTarget?: object;
  httpTarget?: HttpTarget;
  rateLimits?: RateLimits;
  retryConfig?: RetryConfig;
  state?: "RUNNING" | "PAUSED" | "DISABLED";
  purgeTime?: number;
  taskTtl?: number;
  tombstoneTtl?: number;
  stackdriverLoggingConfig?: { samplingRatio?: number };
  type?: "PULL" | "PUSH";
  stats?: object;
}

interface RequestParts {
  httpMethod?: Method;
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface HttpRequest extends RequestParts, Tokens {
  url?: string;
}

export interface AppEngineHttpRequest extends RequestParts {
  appEngineRouting?: Routing;
  relativeUri?: string;
}

export interface CloudAttempt {
  scheduleTime?: number;
  dispatchTime?: number;
  responseTime?: number;
  responseStatus?: { code: number; message: string };
}

export interface CloudTask {
  name?: string;
  httpRequest?: HttpRequest;
  appEngineHttpRequest?: AppEngineHttpRequest;
  pullMessage?: { payload?: Uint8Array; tag?: string };
  scheduleTime?: number;
  createTime?: number;
  dispatchDeadline?: number;
  dispatchCount?: number;
  responseCount?: number;
  firstAttempt?: CloudAttempt;
  lastAttempt?: CloudAttempt;
  view?: View;
  retryConfig?: RetryConfig;
}

export type View = "BASIC" | "FULL";
