// What of the front door's tests is not for a queue of four shards, each with its reason. What users can notice of it
// is in docs/scale.md.

export const REASONS = {
  // What users can notice.
  order:
    "tasks of one moment on several shards have no order among them, and no shard waits for another's",
  atomic: "all or none is for names that are on one shard",
  rate: "a share is asked for before it is used, so the last of a small bucket may start later",
  slots: "a task that is run now waits for a slot of its own shard",
  orders:
    "what a shard cannot do at once it does later, and whoever called is told that it is done",
  history: "each shard keeps its own history, and forgets what few tasks did sooner",
  storage: "each shard has its part of the storage",
  keys: "the tasks of a key take turns in one object, so that a queue of several shards has no keys",
  batches: "each shard has calls of its own tasks alone",
  swept: "each shard forgets what is to be forgotten when it has something to do itself",
  why: "a task may wait for its shard's share too",
  walk: "what goes through all tasks goes from shard to shard: it is in no one order, and has more steps",
  lost: "a share is lost with the object that holds it: where that ends between each two alarms, nothing starts",
  touched: "a call on a name makes its shard keep the number of shards",
  // What is in the tests.
  cost: "it counts what one object does",
  file: "it is about the queue.yaml of the tests, which says nothing of shards",
  object: "it looks into, or acts on, the one object that a queue of one shard is",
};

export interface Exception {
  /** Without `test/` and the ending. */
  file: string;
  /** How the test's name, with those of its groups in front, begins; absent for all of the file. */
  test?: string;
  reason: keyof typeof REASONS;
}

const of = (file: string, tests: Record<string, Exception["reason"]>): Exception[] =>
  Object.entries(tests).map(([test, reason]) => ({ file, test, reason }));

export const EXCEPTIONS: readonly Exception[] = [
  { file: "objects/queue/rows", reason: "cost" },
  { file: "objects/queue/cost", reason: "cost" },
  { file: "objects/queue/dispatch/statements", reason: "cost" },
  { file: "objects/queue/one-object", reason: "object" },
  { file: "objects/queue/no-batches", reason: "object" },
  { file: "objects/queue/no-keys", reason: "object" },
  { file: "objects/queue/no-rules", reason: "object" },
  { file: "objects/queue/no-search", reason: "object" },
  { file: "objects/queue/dispatch/shared-calls", reason: "object" },
  { file: "objects/queue/leasing/many-waiting", reason: "object" },
  // Its tasks are few, to share one call; objects/sharded/batches has calls of several shards.
  { file: "objects/queue/dispatch/batches", reason: "batches" },
  { file: "objects/queue/batch-groups", reason: "batches" },
  { file: "objects/queue/key-fields", reason: "keys" },
  { file: "objects/queue/dispatch/keys", reason: "keys" },
  { file: "objects/queue/dispatch/key-order", reason: "keys" },
  { file: "objects/queue/leasing/keys", reason: "keys" },
  { file: "http/native/keys", reason: "keys" },
  // Its deploys go back to versions of one object.
  { file: "objects/queue/add-rules-killed", reason: "object" },
  ...of("objects/queue/control", {
    "run > takes no token, needs none, and goes before the others": "rate",
    "run > waits for a free slot, and then goes first": "slots",
    "redrive > of all brings back each of 1,200, once": "object",
  }),
  ...of("objects/queue/names", {
    "a batch with names that are taken > adds none when it is atomic": "atomic",
    "operations > lists in due order, page by page, two tasks of one instant": "order",
  }),
  ...of("objects/queue/leasing/leasing", {
    "by the TypeScript client > a lease > takes the first of one instant by name": "order",
    "by HTTP > a lease > takes the first of one instant by name": "order",
    "by the client for elsewhere > a lease > takes the first of one instant by name": "order",
  }),
  ...of("objects/queue/leasing/gone", {
    "a lease between its grant and its answer > comes back by itself": "object",
  }),
  ...of("objects/queue/inspect/history", {
    "a history > is not touched by a transaction that was undone": "orders",
    "what outlives the object > costs": "cost",
    "what outlives the object > is begun anew where it cannot be read": "history",
    "what outlives the object > is what few tasks did": "history",
  }),
  ...of("objects/queue/dispatch/dispatch", {
    "an alarm handler that others keep open > does not outlast a deadline": "object",
    "a task taken from its attempt > keeps its slot until it ends": "object",
  }),
  ...of("objects/queue/dispatch/cut-off", {
    "tasks that a deploy cuts off once are not counted": "rate",
    "tasks that two crashes in a row cut off": "object",
  }),
  ...of("objects/queue/dispatch/rate", {
    "the token bucket > at 500/s lets tasks out evenly": "rate",
    "the token bucket > of 5 at 500/s lets out what its rate is": "rate",
    "the token bucket > is full again after a quiet restart": "rate",
  }),
  ...of("objects/queue/inspect/queries", {
    "why a task is not running now > is a pause, or the queue's rate": "why",
    "why a task is not running now > is the bucket": "why",
    "why a task is not running now > is that every slot is taken": "why",
    "filters > find the one among thousands": "cost",
  }),
  ...of("objects/queue/inspect/statistics", {
    "what it costs to look at five thousand tasks": "cost",
  }),
  ...of("objects/queue/results", { "a result > goes with its tombstone, row and all": "object" }),
  ...of("objects/queue/rollback", {
    "whatever statement throws, memory is as a fresh object over the same rows > of add two tasks":
      "object",
    "whatever statement throws, memory is as a fresh object over the same rows > of remove a tombstone":
      "object",
    "whatever statement throws, memory is as a fresh object over the same rows > of sweep":
      "object",
  }),
  ...of("objects/queue/many", {
    "what a purge and a sweep left": "storage",
    "a queue that is full of names": "storage",
  }),
  ...of("objects/delivery/targets", { "many at once > go out six from an object": "cost" }),
  ...of("objects/directory/queue-list", { "a queue at rest > says that it changed once": "cost" }),
  ...of("objects/cron/cron", {
    "a due time's task is added once > whatever step of default fails": "object",
  }),
  ...of("objects/untouched", {
    "GET /queues/default/tasks/none": "touched",
    'POST /queues/default/tasks, answered 400, leaves no table and no alarm: {"bad"': "touched",
    "DELETE /queues/default/tasks/none": "touched",
    "POST /queues/default/tasks:delete": "touched",
    "POST /queues/default/tasks/none:": "touched",
    'POST /queues/default/tasks:redrive, answered 200, leaves no table and no alarm: {"names"':
      "touched",
    "DELETE /queues/default/tombstones/none": "touched",
    "POST /queues/pull/tasks:ack": "touched",
    "all of them together": "touched",
  }),
  ...of("client/gathered-adds", {
    "adds that begin together > 100 of 1,000 tasks": "storage",
    "adds that begin together > of one task each": "cost",
    "adds that begin together > are gathered by bytes too": "storage",
  }),
  ...of("http/native/api", { "adding over HTTP > takes an atomic batch whole": "atomic" }),
  ...of("client/waiters", { "5,000 callers that wait": "cost" }),
  ...of("objects/queue/dispatch/recovery", {
    "the wake-up invariant > while attempts are in flight a handler is open": "object",
  }),
  ...of("objects/queue/dispatch/recovery", {
    "the platform's alarm traps > a turn goes on while nobody calls": "object",
  }),
  ...of("objects/queue/add-rules", {
    "ifExists: keep > says in a batch what became of each": "atomic",
  }),
  ...of("objects/queue/expires", {
    "a task that is not started in time > ends as expired at that very moment on a queue that is out of":
      "object",
    "a task that is not started in time > is forgotten after keep_failed": "swept",
    "a task that is started in time > expires no more": "rate",
    "a task that is started in time > leaves no row": "object",
    "a pull task > expires where nobody has leased it": "object",
  }),
  ...of("http/native/limits", {
    "docs/limits.md > '`key`': '200 characters' at most": "keys",
  }),
  ...of("http/native/task-options", {
    "beside JSON > each option in the query holds": "keys",
    "beside JSON with other options > each option in the query holds": "keys",
    "beside a form > each option in the query holds": "keys",
    "beside text > each option in the query holds": "keys",
    "beside bytes > each option in the query holds": "keys",
    "beside a body without a type > each option in the query holds": "keys",
    "beside no body > each option in the query holds": "keys",
    "an option in the query and in JSON > that agree are one: ?key=acme": "keys",
    "the caller's token in the query > ?key=acme beside": "keys",
    "the caller's token in the query > ?key=acme&access_token=full-token": "keys",
    "the caller's token in the query > ?key=full-token&key=acme": "keys",
    "the caller's token in the query > ?access_token=full-token&key=acme": "keys",
  }),
  ...of("http/audit", {
    "every act > limit_key": "keys",
    "every act > reset_key": "keys",
  }),
  ...of("http/metrics/metrics", {
    "the meter > has the rows that the storage counts": "object",
    "the meter > is of the moment in costs": "object",
  }),
  ...of("http/native/backup", { "an export has a head, records": "walk" }),
  ...of("objects/queue/backup", { "while tasks move > many named tasks in front": "walk" }),
  ...of("http/native/plan", {
    "the file that runs changes nothing > as": "file",
    "the file that runs changes nothing > without a type": "file",
    "the file that runs changes nothing > in JSON": "file",
    "the file that runs changes nothing > compiled": "file",
    "a queue made over the API is left alone": "file",
    "a queue that was taken out of the file comes back": "file",
  }),
  ...of("objects/queue/redrives", { "through evictions and kills > goes on where it was": "lost" }),
];
