// A Cloud Tasks task -> a new task of the queue.

import { formatValue } from "../errors.ts";
import type { RetryParameters } from "../task/backoff.ts";
import type { NewTask, OidcToken } from "../task/task.ts";
import { checkHeaderBytes, noAccessTokens, withHttpTarget } from "./http-target.ts";
import { taskIdIn } from "./names.ts";
import type {
  AppEngineHttpRequest,
  CloudTask,
  HttpRequest,
  HttpTarget,
  RetryConfig,
  Tokens,
} from "./resources.ts";
import { completeRetryConfig, retryConfigOf, retryParametersOf } from "./retry.ts";
import { keptRouting } from "./routing.ts";
import { invalidArgument } from "./status.ts";

/** What a task is made for. */
export interface TaskDefaults {
  /** The queue's resource name. */
  queueName: string;
  /** What the queue's configuration says; times in seconds. */
  retry: RetryParameters;
  httpTarget?: HttpTarget | undefined;
  /** Whether a task may leave its url to the queue: then it is the Worker's own route for the queue. */
  urlIsOptional: boolean;
  /** Whether identity tokens are left out, where none can be signed: as an emulator does. */
  leavesTokensOut: boolean;
}

const DEADLINE_S = { httpRequest: [15, 1800, "30m"], appEngine: [15, 86_415, "24h15s"] } as const;

export function newTaskOf(task: CloudTask, defaults: TaskDefaults): NewTask {
  const { name, scheduleTime, retryConfig } = task;
  return {
    ...(name && { name: taskIdIn(name, defaults.queueName) }),
    ...requestOf(task, defaults),
    // Whatever lies in the past means now; before 1970 only App Engine refuses it.
    ...(scheduleTime !== undefined && { eta: new Date(Math.max(0, scheduleTime)) }),
    ...(retryConfig && { retry: ownRetry(retryConfig, defaults.retry) }),
  };
}

// Absent fields default to the queue's.
function ownRetry(config: RetryConfig, queue: RetryParameters): RetryParameters {
  return retryParametersOf(completeRetryConfig(config, true, retryConfigOf(queue)));
}

function requestOf(task: CloudTask, defaults: TaskDefaults): NewTask {
  const { httpRequest, appEngineHttpRequest, pullMessage } = task;
  const given = [httpRequest, appEngineHttpRequest, pullMessage].filter((it) => it !== undefined);
  if (given.length !== 1) {
    throw invalidArgument(
      "Task: exactly one of httpRequest, appEngineHttpRequest and pullMessage must be set.",
    );
  }
  if (pullMessage) return pullTask(pullMessage);
  return httpRequest
    ? { ...httpTask(httpRequest, defaults), ...deadlineOf(task, "httpRequest") }
    : {
        ...appEngineTask(appEngineHttpRequest as AppEngineHttpRequest),
        ...deadlineOf(task, "appEngine"),
      };
}

function pullTask({ payload = new Uint8Array(), tag }: { payload?: Uint8Array; tag?: string }) {
  return { method: "PULL", payload, ...(tag && { tag }) } as unknown as NewTask;
}

function deadlineOf({ dispatchDeadline }: CloudTask, kind: keyof typeof DEADLINE_S): NewTask {
  // A duration of zero cannot be distinguished from one that was not set.
  if (!dispatchDeadline) return {};
  const [min, max, limit] = DEADLINE_S[kind];
  if (dispatchDeadline >= min && dispatchDeadline <= max) return { dispatchDeadline };
  throw invalidArgument(`Task.dispatchDeadline must be between [${min}s, ${limit}].`);
}

function httpTask(given: HttpRequest, defaults: TaskDefaults): NewTask {
  const { httpTarget, urlIsOptional, leavesTokensOut } = defaults;
  const request = withHttpTarget(given, httpTarget);
  const { url = "", httpMethod, headers = {} } = request;
  if (url === "" && !urlIsOptional) throw invalidArgument("HttpRequest.url is required.");
  if (url !== "" && !/^https?:\/\//i.test(url)) {
    throw invalidArgument("HttpTarget.url must start with 'http://' or 'https://'.");
  }
  checkHeaderBytes("HttpRequest.headers", Object.entries(headers));
  const token = leavesTokensOut ? undefined : tokenOf(request);
  return {
    dialect: "cloudtasks",
    ...(url && { url }),
    ...(httpMethod && { method: httpMethod }),
    ...(Object.keys(headers).length > 0 && { headers }),
    // A body that the task's own method has stays with it, though the queue's method may not send it.
    ...bodyOf(given, "HttpRequest", ["POST", "PUT", "PATCH"]),
    ...(token && { oidcToken: token }),
  };
}

function tokenOf({ oauthToken, oidcToken }: Tokens): OidcToken | undefined {
  if (oauthToken) {
    throw noAccessTokens("HttpRequest.oauthToken");
  }
  if (!oidcToken) return undefined;
  const { serviceAccountEmail = "", audience } = oidcToken;
  return { serviceAccountEmail, ...(audience && { audience }) };
}

function appEngineTask(request: AppEngineHttpRequest): NewTask {
  const { relativeUri = "", httpMethod, headers = {}, appEngineRouting } = request;
  const url = relativeUri || "/";
  if (!url.startsWith("/") || url.includes(" ")) {
    throw invalidArgument(
      `AppEngineHttpRequest.relativeUri: found ${formatValue(url)}, expected a path that begins with "/" and has no spaces.`,
    );
  }
  return {
    dialect: "cloudtasks-appengine",
    url,
    ...(httpMethod && { method: httpMethod }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...bodyOf(request, "AppEngineHttpRequest", ["POST", "PUT"]),
    ...keptRouting(appEngineRouting, "AppEngineHttpRequest.appEngineRouting"),
  };
}

function bodyOf(
  { body, httpMethod = "POST" }: HttpRequest | AppEngineHttpRequest,
  kind: string,
  methods: readonly string[],
): NewTask {
  if (!body || body.length === 0) return {};
  if (methods.includes(httpMethod)) return { payload: body };
  throw invalidArgument(
    `${kind}.body: a ${httpMethod} request has no body; only ${methods.join(", ")} carry one.`,
  );
}
