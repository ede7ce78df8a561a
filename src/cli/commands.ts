// The subcommands, in the order of the help.

import type { Argument, Command, Option } from "./given/command.ts";
import { TASK_STATES } from "./remote/filters.ts";

const QUEUE: Argument = { form: "<queue>", about: "the queue's name", completes: "queue" };
const QUEUES: Argument = { form: "<queue...>", about: "the queues' names", completes: "queue" };
const NAMES: Argument = { form: "[name...]", about: "names of tasks", completes: "none" };
const FILES: readonly Argument[] = [
  { form: "[queue.yaml]", about: "default queue.yaml", completes: "file" },
  { form: "[cron.yaml]", about: "default a cron.yaml beside it", completes: "file" },
];

const STATE: Option = {
  flags: "--state <state>",
  about: `only tasks in this state: ${TASK_STATES.join(", ")}`,
  completes: TASK_STATES,
};
const FILTERS: readonly Option[] = [
  { flags: "--tag <tag>", about: "only tasks with this tag", completes: "none" },
  { flags: "--key <key>", about: "only tasks with this key", completes: "none" },
  { flags: "--prefix <text>", about: "only tasks whose names begin so", completes: "none" },
  {
    flags: "--text <text>",
    about: "only tasks with this in their payload or params, in whatever case",
    completes: "none",
  },
  {
    flags: "--header <name:value>",
    about: "only tasks with a header of this value",
    completes: "none",
  },
  {
    flags: "--older-than <time>",
    about: "only tasks added longer ago, such as 90s, 15m, 2h, 7d",
    completes: "none",
  },
];
const BULK: readonly Option[] = [
  { flags: "--all", about: "every task that the filters let through, or all" },
  { flags: "--dry-run", about: "count the tasks and change nothing" },
  { flags: "-y, --yes", about: "do not ask" },
];
const TIME: readonly Option[] = [
  {
    flags: "--countdown <time>",
    about: "from now, in seconds or such as 15m, 2h",
    completes: "none",
  },
  { flags: "--eta <instant>", about: "at this instant, RFC 3339", completes: "none" },
];
const YES: Option = { flags: "-y, --yes", about: "do not ask" };
const DRY: Option = { flags: "--dry-run", about: "count and change nothing" };

export const COMMANDS: Readonly<Record<string, Command>> = {
  init: {
    about:
      "puts queues into the Worker in dir: queue.yaml, the exports of the main module, the lines of the wrangler file, types; shows the changes and asks",
    args: [{ form: "[dir]", about: "default here", completes: "file" }],
    options: [
      YES,
      {
        flags: "--template [name]",
        about: "makes a new Worker of that name, in a folder of that name unless dir is given",
        completes: "none",
      },
    ],
    load: () => import("./init.ts"),
  },
  check: {
    about: "says whether queue.yaml and cron.yaml are good",
    args: FILES,
    load: () => import("./check.ts"),
  },
  build: {
    about: "writes what the files say as JSON, for a Worker that imports durable-taskqueue/slim",
    args: FILES,
    options: [
      {
        flags: "--out <file>",
        about: "default taskqueue.json beside queue.yaml",
        completes: "file",
      },
    ],
    load: () => import("./build.ts"),
  },
  schema: {
    about: "prints the JSON Schema of queue.yaml or cron.yaml",
    args: [{ form: "[file]", about: "queue or cron; default queue", completes: ["queue", "cron"] }],
    load: () => import("./schema.ts"),
  },
  plan: {
    about: "says what a deploy of the files would change; exits with 2 when something is lost",
    args: FILES,
    isRemote: true,
    load: () => import("./remote/plan.ts"),
  },
  queues: {
    about: "lists the queues",
    options: [
      { flags: "--prefix <text>", about: "only queues whose names begin so", completes: "none" },
      {
        flags: "--state <state>",
        about: "only queues in this state",
        completes: ["running", "paused", "disabled"],
      },
    ],
    isRemote: true,
    load: () => import("./remote/queues.ts"),
  },
  show: {
    about: "shows a queue, or one of its tasks with its attempts",
    args: [QUEUE, { form: "[task]", about: "the task's name", completes: "none" }],
    options: [
      { flags: "--failures", about: "what went wrong with its failed tasks, by fault" },
      { flags: "--redrives", about: "its redrives, under way and ended" },
    ],
    isRemote: true,
    load: () => import("./remote/show.ts"),
  },
  tasks: {
    about: "lists tasks in the order in which they are due",
    args: [QUEUE],
    options: [
      STATE,
      ...FILTERS,
      { flags: "--limit <number>", about: "so many at most; default 100", completes: "none" },
      { flags: "--all", about: "without a limit" },
      { flags: "--count", about: "count them instead" },
    ],
    isRemote: true,
    load: () => import("./remote/tasks.ts"),
  },
  add: {
    about: "adds a task, or with --from many",
    args: [QUEUE],
    options: [
      {
        flags: "--name <name>",
        about: "accepted once; default a generated one",
        completes: "none",
      },
      { flags: "--payload <text>", about: "the payload, as text", completes: "none" },
      { flags: "--payload-json <json>", about: "the payload, as JSON", completes: "none" },
      { flags: "--payload-file <file>", about: "the payload, a file's bytes", completes: "file" },
      {
        flags: "-p, --param <name=value>",
        about: "a field of the form; may be repeated",
        isRepeated: true,
        completes: "none",
      },
      {
        flags: "-H, --header <name:value>",
        about: "a header; may be repeated",
        isRepeated: true,
        completes: "none",
      },
      { flags: "--path <url>", about: "the task's url: a path, or absolute", completes: "none" },
      {
        flags: "-X, --method <method>",
        about: "default POST",
        completes: ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"],
      },
      ...TIME,
      { flags: "--tag <tag>", about: "of a pull task", completes: "none" },
      { flags: "--key <key>", about: "whose task it is", completes: "none" },
      { flags: "--priority <number>", about: "0 is first, 9 last", completes: "none" },
      { flags: "--expires <time>", about: "ends it if not started by then", completes: "none" },
      {
        flags: "--if-exists <what>",
        about: "where a task of its name lives",
        completes: ["reject", "keep", "replace"],
      },
      { flags: "--task <json>", about: "the whole task, as the API has it", completes: "none" },
      {
        flags: "--from <file>",
        about: "tasks as the API has them, one as JSON a line; - is the standard input",
        completes: "file",
      },
    ],
    isRemote: true,
    load: () => import("./remote/add.ts"),
  },
  run: {
    about: "runs tasks as soon as a slot is free, whatever ETA, rate or a pause say",
    args: [QUEUE, NAMES],
    options: [STATE, ...FILTERS, ...BULK],
    isRemote: true,
    load: () => import("./remote/run.ts"),
  },
  redrive: {
    about: "puts failed tasks back on the queue",
    args: [QUEUE, NAMES],
    options: [
      ...FILTERS,
      {
        flags: "--rate <rate>",
        about: "so many at a time, such as 5/s or 100/m: goes on by itself, and is followed",
        completes: "none",
      },
      {
        flags: "--fingerprint <fingerprint>",
        about: "only those of this fault, as show --failures has it",
        completes: "none",
      },
      { flags: "--detach", about: "begin it, and do not follow it" },
      { flags: "--stop <id>", about: "stop one that is under way", completes: "none" },
      ...BULK,
    ],
    isRemote: true,
    load: () => import("./remote/redrive.ts"),
  },
  delete: {
    about: "deletes tasks",
    args: [QUEUE, NAMES],
    options: [STATE, ...FILTERS, ...BULK],
    isRemote: true,
    load: () => import("./remote/delete.ts"),
  },
  reschedule: {
    about: "gives waiting tasks another time",
    args: [QUEUE, NAMES],
    options: [...TIME, STATE, ...FILTERS, ...BULK],
    isRemote: true,
    load: () => import("./remote/reschedule.ts"),
  },
  pause: {
    about: "stops dispatch of queues, and nothing else",
    args: [QUEUES],
    isRemote: true,
    load: () => import("./remote/pause.ts"),
  },
  resume: {
    about: "lets paused queues go on",
    args: [QUEUES],
    isRemote: true,
    load: () => import("./remote/resume.ts"),
  },
  purge: {
    about: "deletes every task on a queue",
    args: [QUEUE],
    options: [DRY, YES],
    isRemote: true,
    load: () => import("./remote/purge.ts"),
  },
  group: {
    about: "shows a group; or closes it, cancels it, lists how its tasks ended",
    args: [
      { form: "<name>", about: "the group's name", completes: "none" },
      {
        form: "[verb]",
        about: "show, close, cancel or results; default show",
        completes: ["show", "close", "cancel", "results"],
      },
    ],
    isRemote: true,
    load: () => import("./remote/group.ts"),
  },
  cron: {
    about: "lists the recurring tasks; or runs, pauses, resumes one",
    args: [
      {
        form: "[verb]",
        about: "list, run, pause or resume; default list",
        completes: ["list", "run", "pause", "resume"],
      },
      { form: "[name]", about: "the entry's name", completes: "none" },
    ],
    isRemote: true,
    load: () => import("./remote/cron.ts"),
  },
  tail: {
    about: "follows what happens to queues, until it is interrupted",
    args: [QUEUES],
    isRemote: true,
    load: () => import("./remote/tail.ts"),
  },
  costs: {
    about: "says what the queues use, and what that costs at list price",
    isRemote: true,
    load: () => import("./remote/costs.ts"),
  },
  export: {
    about: "copies queues as lines of JSON, while they go on",
    args: [{ form: "[queue...]", about: "the queues' names", completes: "queue" }],
    options: [
      {
        flags: "-o, --out <path>",
        about:
          "a file, packed where it ends in .gz; of several queues a folder; default the standard output",
        completes: "file",
      },
      { flags: "--all", about: "all queues, into the folder of --out" },
      { flags: "--resume", about: "go on with what was begun" },
    ],
    isRemote: true,
    load: () => import("./remote/export.ts"),
  },
  import: {
    about: "takes in what was exported, where its names are free",
    args: [{ form: "<file...>", about: "exports; - is the standard input", completes: "file" }],
    options: [
      {
        flags: "--queue <queue>",
        about: "the queue to import into; default the one that the file names",
        completes: "queue",
      },
      { flags: "--resume", about: "go on behind what was imported of the file before" },
    ],
    isRemote: true,
    load: () => import("./remote/import.ts"),
  },
  completion: {
    about: "prints a script that makes a shell complete this command",
    args: [{ form: "<shell>", about: "bash, zsh or fish", completes: ["bash", "zsh", "fish"] }],
    load: () => import("./completion.ts"),
  },
};
