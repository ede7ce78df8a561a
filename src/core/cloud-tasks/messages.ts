// The messages of Google's API, all versions in one: v2 and v2beta3 agree where both have a field, and
// v2beta2's other names are aliases.
import type { Enum, Message } from "./proto-json.ts";

export const HTTP_METHOD: Enum = [
  "HTTP_METHOD_UNSPECIFIED",
  "POST",
  "GET",
  "HEAD",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
];
export const VIEW: Enum = ["VIEW_UNSPECIFIED", "BASIC", "FULL"];
const STATE: Enum = ["STATE_UNSPECIFIED", "RUNNING", "PAUSED", "DISABLED"];
const TYPE: Enum = ["TYPE_UNSPECIFIED", "PULL", "PUSH"];
const SCHEME: Enum = ["SCHEME_UNSPECIFIED", "HTTP", "HTTPS"];
const ENFORCE: Enum = ["URI_OVERRIDE_ENFORCE_MODE_UNSPECIFIED", "IF_NOT_EXISTS", "ALWAYS"];

const ROUTING: Message = {
  fields: { service: "string", version: "string", instance: "string", host: "string" },
};

const TOKENS = {
  oauthToken: { message: { fields: { serviceAccountEmail: "string", scope: "string" } } },
  oidcToken: { message: { fields: { serviceAccountEmail: "string", audience: "string" } } },
} as const;

const URI_OVERRIDE: Message = {
  fields: {
    scheme: { values: SCHEME },
    host: "string",
    port: "int64",
    pathOverride: { message: { fields: { path: "string" } } },
    queryOverride: { message: { fields: { queryParams: "string" } } },
    uriOverrideEnforceMode: { values: ENFORCE },
  },
};

const HEADER: Message = { fields: { key: "string", value: "string" } };

const HTTP_TARGET: Message = {
  fields: {
    uriOverride: { message: URI_OVERRIDE },
    httpMethod: { values: HTTP_METHOD },
    headerOverrides: { list: { fields: { header: { message: HEADER } } } },
    ...TOKENS,
  },
};

const RATE_LIMITS: Message = {
  fields: {
    maxDispatchesPerSecond: "double",
    maxBurstSize: "int32",
    maxConcurrentDispatches: "int32",
  },
  aliases: {
    maxTasksDispatchedPerSecond: "maxDispatchesPerSecond",
    maxConcurrentTasks: "maxConcurrentDispatches",
  },
};

const RETRY_CONFIG: Message = {
  fields: {
    maxAttempts: "int32",
    unlimitedAttempts: "bool",
    maxRetryDuration: "duration",
    minBackoff: "duration",
    maxBackoff: "duration",
    maxDoublings: "int32",
  },
};

const STATS: Message = {
  fields: {
    tasksCount: "int64",
    oldestEstimatedArrivalTime: "timestamp",
    executedLastMinuteCount: "int64",
    concurrentDispatchesCount: "int64",
    effectiveExecutionRate: "double",
  },
};

const ROUTED: Message = { fields: { appEngineRoutingOverride: { message: ROUTING } } };

export const QUEUE: Message = {
  fields: {
    name: "string",
    appEngineRoutingOverride: { message: ROUTING },
    appEngineHttpQueue: { message: ROUTED },
    pullTarget: { message: { fields: {} } },
    httpTarget: { message: HTTP_TARGET },
    rateLimits: { message: RATE_LIMITS },
    retryConfig: { message: RETRY_CONFIG },
    state: { values: STATE },
    purgeTime: "timestamp",
    taskTtl: "duration",
    tombstoneTtl: "duration",
    stackdriverLoggingConfig: { message: { fields: { samplingRatio: "double" } } },
    type: { values: TYPE },
    stats: { message: STATS },
  },
  aliases: { appEngineHttpTarget: "appEngineHttpQueue" },
};

const ATTEMPT: Message = {
  fields: {
    scheduleTime: "timestamp",
    dispatchTime: "timestamp",
    responseTime: "timestamp",
    responseStatus: { message: { fields: { code: "int32", message: "string", details: "any" } } },
  },
};

const REQUEST_PARTS = {
  httpMethod: { values: HTTP_METHOD },
  headers: "strings",
  body: "bytes",
} as const;

const HTTP_REQUEST: Message = { fields: { url: "string", ...REQUEST_PARTS, ...TOKENS } };

const APP_ENGINE_REQUEST: Message = {
  fields: { appEngineRouting: { message: ROUTING }, relativeUri: "string", ...REQUEST_PARTS },
  aliases: { relativeUrl: "relativeUri", payload: "body" },
};

const TASK_STATUS: Message = {
  fields: {
    attemptDispatchCount: "int32",
    attemptResponseCount: "int32",
    firstAttemptStatus: { message: ATTEMPT },
    lastAttemptStatus: { message: ATTEMPT },
  },
};

export const TASK: Message = {
  fields: {
    name: "string",
    httpRequest: { message: HTTP_REQUEST },
    appEngineHttpRequest: { message: APP_ENGINE_REQUEST },
    pullMessage: { message: { fields: { payload: "bytes", tag: "string" } } },
    scheduleTime: "timestamp",
    createTime: "timestamp",
    dispatchDeadline: "duration",
    dispatchCount: "int32",
    responseCount: "int32",
    firstAttempt: { message: ATTEMPT },
    lastAttempt: { message: ATTEMPT },
    status: { message: TASK_STATUS },
    view: { values: VIEW },
    retryConfig: { message: RETRY_CONFIG },
  },
};

export const CREATE_TASK: Message = {
  fields: { parent: "string", task: { message: TASK }, responseView: { values: VIEW } },
};
export const BATCH_CREATE: Message = {
  fields: { parent: "string", requests: { list: CREATE_TASK }, requestId: "string" },
};
export const BATCH_DELETE: Message = {
  fields: { parent: "string", names: "any", requestId: "string" },
};
export const RUN_TASK: Message = { fields: { name: "string", responseView: { values: VIEW } } };
export const LEASE_TASKS: Message = {
  fields: {
    parent: "string",
    maxTasks: "int32",
    leaseDuration: "duration",
    responseView: { values: VIEW },
    filter: "string",
  },
};
export const CHANGE_LEASE: Message = {
  fields: {
    name: "string",
    scheduleTime: "timestamp",
    leaseDuration: "duration",
    responseView: { values: VIEW },
  },
};

export const LIST_QUEUES: Message = {
  fields: { queues: { list: QUEUE }, nextPageToken: "string" },
};
export const LIST_TASKS: Message = {
  fields: { tasks: { list: TASK }, nextPageToken: "string" },
};
export const BUFFERED: Message = { fields: { task: { message: TASK } } };
export const LEASED: Message = { fields: { tasks: { list: TASK } } };
