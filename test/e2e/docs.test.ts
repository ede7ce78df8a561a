// The commands of README and docs as their readers have them: every `sh` block is pasted as it is into a shell, on
// `npm start` in the repository or beside a Worker made of README's blocks outside it, or stands in a list with
// the reason why it is not. docs/testing.md and docs/clients.md have tests of their own.
import { execFile, spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { quietEnv, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { type Block, blocksOf, PAGES } from "../support/pages.ts";
import { temporaryState } from "./console/state.ts";
import { logOf, projectOf } from "./projects.ts";
import { temporaryDir } from "./support.ts";

const exec = promisify(execFile);

const OWN_TESTS = ["docs/testing.md", "docs/clients.md"];

const BLOCKS = PAGES.filter((page) => !OWN_TESTS.includes(page)).flatMap(blocksOf);
const COMMANDS = BLOCKS.filter(({ language }) => language === "sh");

/** A page and how a block of it begins. */
type Place = readonly [page: string, begin: string];

const NOT_HERE: readonly (readonly [...Place, reason: string])[] = [
  [
    "README.md",
    "npm ci\nnpm start\n",
    "`npm start` is what the others here are run on; `npm ci` is how CI begins",
  ],
  ["README.md", "npx wrangler deploy\n", "needs an account"],
  ["CONTRIBUTING.md", "npm ci ", "is every check and test, this one too"],
  [
    "docs/environments.md",
    "npx wrangler dev --env",
    "needs an account; init.test.ts runs an environment",
  ],
  [
    "docs/getting-started.md",
    "npx durable-taskqueue init --template",
    "asks its question of a terminal; init.test.ts runs it with --yes",
  ],
  ["docs/api.md", "curl -N ", "does not end; tail.test.ts follows queues"],
  ["docs/access.md", "npx wrangler secret put", "needs an account"],
  ["docs/reliability.md", "npm run chaos ", "takes minutes; chaos.test.ts runs a short form"],
  ["docs/reliability.md", "MODEL_RUNS=", "takes minutes; test/model is its short form"],
  ["docs/reliability.md", "npm run fuzz ", "takes minutes; fuzz.test.ts runs a short form"],
  ["docs/reliability.md", "npm run overload ", "takes minutes; overload.test.ts runs a short form"],
  ["docs/scale.md", "SHARES_LONG=1", "takes minutes; shares.test.ts is its short form"],
  ["docs/targets.md", 'echo "whsec_', "needs an account"],
  ["docs/targets.md", "openssl genpkey", "needs an account"],
  ["docs/tree.md", "npx vitest run ", "runs other tests"],
];

const AUTHORIZED = { Authorization: "Bearer open-sesame" };

interface Run {
  place: Place;
  /** What it says, a line each, or anywhere in it. */
  says: RegExp[];
  /** What is waited for then. */
  then?: (output: string) => Promise<unknown>;
}

const ON_NPM_START: Run[] = [
  {
    place: ["README.md", "curl -d from=1"],
    says: [
      /^\{"queue":"master","name":"count",.*"state":"scheduled"/,
      /^\{"error":\{"code":"TASK_ALREADY_EXISTS"/,
      /^\{"queue":"sub","name":"count-1-10",.*"state":"done"/,
      /^\{"name":"sub",/,
    ],
    then: () =>
      until("the last subtask's line", 20, () => /counted 91 92 .* 100$/m.test(logOf(demo))),
  },
  {
    place: ["docs/failures.md", "API="],
    says: [/"failures":\[/, /"rate":"5\/s"/, /"redrives":\[\{/],
  },
  {
    place: ["docs/cron.md", "curl "],
    says: [
      /^\{"cron":\[/,
      /^\{"queue":"default","name":"cron-tally-/,
      /"state":"paused"/,
      /"state":"running"/,
    ],
  },
];

const BESIDE_A_WORKER: Run[] = [
  { place: ["README.md", "npx durable-taskqueue init"], says: [/^Nothing to be done/] },
  {
    place: ["README.md", 'curl -H "Authorization: Bearer $TOKEN" -H'],
    says: [/^\{"queue":"\w+","name":"\w+",.*"state":"scheduled"/],
    then: async (output) => {
      // Its hour is not waited for.
      const { name } = JSON.parse(output) as { name: string };
      const headers = AUTHORIZED;
      await worker.fetch(`/_ah/api/queues/mail/tasks/${name}:run`, { method: "POST", headers });
      await until("the mail", 20, () => /^a mail to you@example.com$/m.test(logOf(worker)));
    },
  },
  {
    place: ["docs/api.md", "API=https://your.worker/_ah/api; AUTH="],
    says: [
      /^\{"queue":"mail","name":"welcome-42",.*"state":"scheduled"/,
      /^\{"queue":"\w+","name":"\w+",.*"state":"scheduled"/,
      /^\{"queue":"mail","name":"welcome-42",.*"why":"waiting for its ETA/,
      /^\{"tasks":\[\]\}/,
      /^\{"queue":"mail","name":"welcome-42",/,
      /^\{"name":"mail",.*"state":"paused"/,
      /^\{"queues":\[\{"name":"default"/,
    ],
  },
  {
    place: [
      "docs/api.md",
      'curl -H "Authorization: Bearer $TOKEN" "https://your.worker/_ah/api/queues/mail/tasks?text',
    ],
    says: [/^\{"tasks":\[.*"scanned":\d+\}$/, /^\{"tasks":\[\],"scanned":\d+\}$/],
  },
  {
    place: ["docs/fairness.md", "API="],
    says: [
      /^\{"queue":"mail","name":"\w+","state":"scheduled",.*"key":"acme","priority":1/,
      /^\{"key":"acme",.*"limits":\{"rate":"1\/s",.*"set":\{"rate":"1\/s"/,
      /^\{"keys":\[\{"key":"acme","waiting":0,"scheduled":1,/,
      /^\{"key":"acme","waiting":0,/,
      /^\{"tasks":\[\{"queue":"mail",.*"key":"acme"/,
      /^\{"key":"acme",.*"limits":\{"rate":"none"/,
    ],
  },
  {
    place: ["docs/monitoring.md", "curl "],
    says: [/^\{"queues":\[/, /^\{"tasks":\[/, /^\{"queue":"mail","name":"welcome-42",/],
  },
  { place: ["docs/costs.md", "curl "], says: [/^\{"now":.*"queues":\[\{"name":"default"/] },
  {
    place: ["docs/tracing.md", "curl -X POST"],
    says: [/^\{"queue":"mail",.*"headers":\{.*"traceparent":"00-0af7651916cd43dd8448eb211c80319c-/],
  },
  { place: ["docs/alerts.md", "curl "], says: [/^\{"alerts":\[\]\}/] },
  { place: ["docs/access.md", "API="], says: [/^\{"entries":\[/] },
  {
    place: ["docs/targets.md", 'curl -H "Authorization'],
    says: [/^\{"queue":"\w+","name":"\w+",.*"url":"https:\/\/app.example.com\/hooks\/mail"/],
  },
  {
    place: ["docs/getting-started.md", "npx durable-taskqueue init\n"],
    says: [/^Nothing to be done/],
  },
  {
    place: ["docs/command-line.md", "export TASKQUEUE_URL"],
    says: [
      /^QUEUE +MODE +STATE/,
      /^added hello, scheduled$/m,
      /^ {2}to: you@example.com$/m,
      /^\{"queue":"default","name":"hello",/m,
      /^hello +scheduled /m,
      /^deleted 1 task of "default"$/m,
      /^Nothing changes\.$/m,
    ],
  },
  {
    place: ["docs/command-line.md", "npx durable-taskqueue show default --failures"],
    says: [/^FINGERPRINT +COUNT/m, /\bredriven \d+ tasks?\b/m, /^REDRIVE +STATE/m],
  },
  {
    place: ["docs/command-line.md", "npx durable-taskqueue export"],
    says: [/^default: \d+ tasks, .* in default\.jsonl\.gz$/m, /^default\.jsonl\.gz: imported 0, /m],
  },
  {
    place: ["docs/command-line.md", "npx durable-taskqueue completion"],
    says: [],
    then: async () => expect(existsSync(join(project, "durable-taskqueue.bash"))).toBe(true),
  },
  {
    place: ["docs/slim.md", "npx durable-taskqueue build"],
    says: [],
    then: async () => expect(existsSync(join(project, "taskqueue.json"))).toBe(true),
  },
];

const IN_THE_CLONE: Run[] = [{ place: ["docs/tree.md", "find src "], says: [] }];
const ALONE: Place[] = [["README.md", "curl -H 'Content-Type: text/plain' -d hello"]];

const isAt =
  ([page, begin]: Place | readonly [...Place, string]) =>
  (block: Block) =>
    block.page === page && block.text.startsWith(begin);

function blockAt(place: Place): Block {
  const found = COMMANDS.filter(isAt(place));
  if (found.length !== 1) throw new Error(`${place.join(": ")}: found ${found.length} blocks`);
  return found[0] as Block;
}

function blockOf(page: string, language: string, index = 0): string {
  const found = BLOCKS.filter((block) => block.page === page && block.language === language);
  return (found[index] as Block).text;
}

/** Pasted into a shell whose servers are elsewhere than the page has them. */
async function paste({ text }: Block, cwd: string, url: string): Promise<string> {
  const here = text.replaceAll("http://127.0.0.1:8787", url).replaceAll("https://your.worker", url);
  const token = "open-sesame";
  const env = { ...quietEnv(), TOKEN: token, TASKQUEUE_URL: url, TASKQUEUE_TOKEN: token };
  // Curl shows its progress where its output is no terminal.
  const quiet = `curl() { command curl -sS "$@"; }\n${here}`;
  const { stdout } = await exec("sh", ["-c", quiet], { cwd, env, timeout: 60_000 });
  return stdout;
}

async function pasted({ place, says, then }: Run, cwd: string, url: string): Promise<void> {
  const output = await paste(blockAt(place), cwd, url);
  const lines = output.split("\n");
  expect(lines.pop()).toBe("");
  if (place[1].includes("curl") || place[1].startsWith("API")) {
    expect(lines).toEqual(says.map((line) => expect.stringMatching(line)));
  } else for (const line of says) expect(output).toMatch(line);
  if (says.length === 0 && cwd === ROOT) expect(output).toBe("");
  await then?.(output);
}

const named = (runs: Run[]) => runs.map((run) => [run.place.join(": "), run] as const);

/** So that the task of a visit can be added again. */
async function freeTheName(): Promise<void> {
  for (const path of ["tasks", "tombstones"]) {
    const url = `/_ah/api/queues/mail/${path}/welcome-42`;
    await worker.fetch(url, { method: "DELETE", headers: AUTHORIZED });
  }
}

let demo: Server;
let worker: Server;
let project: string;

describe("every block of commands", () => {
  const places = [...ON_NPM_START, ...BESIDE_A_WORKER, ...IN_THE_CLONE].map(({ place }) => place);

  it("is run here, or listed with the reason why not", () => {
    const known = [...places, ...ALONE, ...NOT_HERE];
    const unknown = COMMANDS.filter((block) => !known.some((place) => isAt(place)(block)));
    expect(unknown.map(({ page, line, text }) => `${page}:${line}: ${text}`)).toEqual([]);
  });

  it.each(NOT_HERE)("of %s, %j, is still there: %s", (page, begin) => {
    expect(blockAt([page, begin])).toBeDefined();
  });

  it.each(COMMANDS.filter(({ page }) => page === "README.md").map((block) => [block.text]))(
    "of README has no comment, which some shells take for arguments: %j",
    (text) => expect(text).not.toMatch(/(^|\s)#/),
  );
});

describe("with npm start running", () => {
  beforeAll(async () => {
    const stateDir = temporaryState().dir;
    demo = await startServer({ stateDir, command: ["npm", "start", "--silent", "--"] });
  });
  afterAll(() => demo?.stop());

  it.each(named(ON_NPM_START))("%s", (_, run) => pasted(run, ROOT, demo.url));

  it("README's worker in Node works on what README's curl adds", async () => {
    const dir = temporaryDir();
    const script = blockOf("README.md", "js").replaceAll("http://127.0.0.1:8787", demo.url);
    writeFileSync(join(dir, "worker.mjs"), script);
    const child = spawn("node", ["worker.mjs"], { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => void child.kill());
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    for (const times of [1, 2]) {
      await paste(blockAt(ALONE[0] as Place), dir, demo.url);
      await until("its work", 30, () => said.match(/^working on \w+: hello$/gm)?.length === times);
    }
  });
});

describe("beside README's Worker, made by hand", () => {
  beforeAll(async () => {
    project = projectOf({
      "package.json": '{ "name": "mine", "private": true, "type": "module" }\n',
      "wrangler.toml": `name = "mine"\nmain = "src/index.ts"\n${blockOf("README.md", "toml")}`,
      "queue.yaml": blockOf("README.md", "yaml"),
      "src/index.ts": blockOf("README.md", "ts"),
      "src/yaml.d.ts": `${blockOf("docs/getting-started.md", "ts", 1)}interface Env {}\n`,
    });
    const command = ["wrangler", "dev", "--var", "TASKQUEUE_TOKEN:open-sesame"];
    worker = await startServer({ stateDir: join(project, "state"), cwd: project, command });
    // Whoever looks whether the server is up visits it.
    await until("the visit's mail", 30, () => /^a mail to/m.test(logOf(worker)));
    await freeTheName();
  });
  afterAll(async () => {
    await worker?.stop();
    rmSync(project, { recursive: true, force: true });
  });

  it.each(named(BESIDE_A_WORKER))("%s", (_, run) => pasted(run, project, worker.url));

  it("a visit adds the task, and a second one says that the name is taken", async () => {
    const visit = async () => {
      const answer = await worker.fetch("/");
      return [answer.status, await answer.text()] as const;
    };
    const headers = AUTHORIZED;
    await worker.fetch("/_ah/api/queues/mail:resume", { method: "POST", headers });
    await freeTheName();
    expect(await visit()).toEqual([200, "queued"]);
    expect(await visit()).toEqual([200, expect.stringContaining("welcome-42")]);
    await until("the mail", 20, () => /a mail to you@example.com/.test(logOf(worker)));
  });
});

describe("in the clone", () => {
  it.each(named(IN_THE_CLONE))("%s", (_, run) => pasted(run, ROOT, ""));
});
