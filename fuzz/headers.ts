// Headers that say something of a request that is not so, or that only somebody else may say.
import type { Random } from "./random.ts";
import { hostileText } from "./values.ts";

type Header = [name: string, value: string];

const FORGED: Header[] = [
  ["X-AppEngine-QueueName", "fast"],
  ["x-appengine-taskname", "t-1"],
  ["X-AppEngine-Cron", "true"],
  ["X-CloudTasks-TaskName", "t-1"],
  ["X-Google-Internal-SkipAdminCheck", "1"],
  ["X-TaskQueue-Group", "g-1"],
  ["x_appengine_queuename", "fast"],
  ["CF-Connecting-IP", "127.0.0.1"],
  ["X-Forwarded-For", "127.0.0.1"],
  ["X-Forwarded-Host", "127.0.0.1"],
  ["X-Forwarded-Proto", "https"],
  ["CF-Worker", "x"],
];

const ASKED: [name: string, values: readonly string[]][] = [
  ["X-HTTP-Method-Override", ["GET", "DELETE", "PATCH", "PUT", "get", "TRACE", "X", ""]],
  ["Accept", ["application/json", "text/html", "*/*;q=0", "text/event-stream", ","]],
  ["Accept-Encoding", ["gzip", "br", "identity;q=0", "*"]],
  ["Content-Type", ["application/json", "text/plain", "a/b", "application/json; charset=utf-16"]],
  ["Content-Type", ["multipart/form-data; boundary=x", "multipart/form-data", "APPLICATION/JSON;"]],
  ["Content-Type", ["application/x-www-form-urlencoded", 'application/json; charset="utf-8', ";"]],
  ["Origin", ["null", "http://evil.invalid", "http://127.0.0.1", "x"]],
  ["Sec-Fetch-Site", ["same-origin", "same-site", "cross-site", "none", "x"]],
  ["Sec-Fetch-Mode", ["navigate", "cors"]],
  ["Referer", ["http://evil.invalid/", "x"]],
  ["Cookie", ["taskqueue_session=", "taskqueue_session=a.b.c", ";;;", "a", "x=y; ".repeat(200)]],
  ["Authorization", ["Bearer", "Bearer ", "Basic !", "Bearer \u00e9"]],
  ["X-Goog-Api-Key", ["", "x"]],
  ["X-Goog-FieldMask", ["name", "*", "a(((", "tasks/name"]],
  ["X-Goog-User-Project", ["x"]],
  ["X-Goog-Request-Params", ["parent=x", "%"]],
  ["Range", ["bytes=0-1", "bytes=9-1"]],
  ["If-None-Match", ["*", '"x"']],
  ["If-Modified-Since", ["Thu, 01 Jan 1970 00:00:00 GMT", "x"]],
  ["Last-Event-ID", ["1"]],
  ["Expect", ["100-continue", "x"]],
  ["Upgrade", ["websocket", "h2c"]],
  ["Connection", ["close", "Upgrade", "keep-alive, Authorization", "x"]],
  ["TE", ["trailers"]],
  ["Trailer", ["Authorization"]],
  ["Prefer", ["wait=10"]],
  ["Purpose", ["prefetch"]],
  ["Access-Control-Request-Method", ["POST"]],
];

export function hostileHeaders(r: Random): Header[] {
  return r.some(4, (): Header => {
    if (r.chance(0.3)) return r.pick(FORGED);
    const [name, values] = r.pick(ASKED);
    if (r.chance(0.1)) return [name, "x".repeat(r.pick([1000, 5000]))];
    return [name, r.chance(0.1) ? sendable(hostileText(r)) : r.pick(values)];
  });
}

/** Of the host, which is there once. */
export function hostileHost(r: Random): string {
  return r.pick([
    "evil.invalid",
    "localhost",
    "127.0.0.1:1",
    "[::1]",
    "a b",
    "",
    "x".repeat(300),
    "é",
  ]);
}

// What no client can put in a line goes by the raw requests. One character a byte, of UTF-8.
function sendable(text: string): string {
  return Buffer.from(text.replace(/[\r\n\0]/g, "").slice(0, 3000)).toString("latin1");
}
