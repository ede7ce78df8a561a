// Notes what handlers and objects report, outside the servers that are killed; and it is a server that tasks are
// sent to.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { deadlineOf, type Past, type Report, type Stamps, stampsOf } from "./report.ts";
import type { Execution } from "./sort.ts";

/** An execution with what its start said. */
export interface Noted extends Execution, Omit<Stamps, keyof Execution> {
  task: string;
  failedOn?: string | undefined;
}

/** A turn of the scheduler of recurring tasks. */
export interface NotedTurn {
  life: number;
  at: number;
  from: number;
  to: number;
}

/** Words of the server for a deadline that has passed, in the reason of the signal. */
const PAST = "deadline has passed";

export class Collector {
  readonly noted: Noted[] = [];
  readonly turns: NotedTurn[] = [];
  /** The life of the server that is running. */
  life = 0;
  /** Whether a success stands whose body breaks off: in the version before it was tried again. */
  mayTear = true;
  url = "";
  readonly #open = new Map<string, Noted>();
  readonly #past = new Map<string, Omit<Past, "mayTear">>();
  readonly #server = createServer((request, response) => {
    const isTask = request.url?.startsWith("/out");
    (isTask ? this.#work(request, response) : this.#take(request, response)).catch(() => {});
  });

  async listen(): Promise<string> {
    // A report over a connection that is just being closed, for nothing came over it for a while, would be lost.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.url;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // A report that broke off was never made.
  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const report = JSON.parse(await text(request)) as Report;
    this.note(report);
    response.end(JSON.stringify(this.#pastOf("id" in report ? this.#idOf(report) : "")));
  }

  #pastOf(id: string): Past {
    return { starts: 0, finals: 0, ...this.#past.get(id), mayTear: this.mayTear };
  }

  /** A dead letter runs as a task of its own. */
  #idOf(report: { id: string; failedOn?: string | undefined } & Stamps): string {
    const { failedOn } = report.attempt ? (this.#open.get(report.attempt) ?? report) : report;
    return failedOn === undefined ? report.id : `${report.id}!`;
  }

  note(report: Report): void {
    const now = Date.now();
    const { life } = this;
    if (report.kind === "turn")
      this.turns.push({ life, at: now, from: report.from, to: report.to });
    else if (report.kind === "start") this.#start(report, now);
    else this.#change(report, now);
  }

  #start({ kind: _, ...report }: Extract<Report, { kind: "start" }>, now: number): void {
    const id = this.#idOf(report);
    const one: Noted = { ...report, id, life: this.life, startedAt: now };
    this.noted.push(one);
    const { starts, finals } = this.#pastOf(id);
    this.#past.set(id, { starts: starts + 1, finals });
    if (report.attempt) this.#open.set(report.attempt, one);
  }

  #change(report: Extract<Report, { kind: "end" | "cut" | "written" }>, now: number): void {
    const one = this.#attemptOf(report);
    if (!one || one.life !== this.life) return;
    if (report.kind === "end") this.#end(one, report, now);
    else if (report.kind === "written") {
      Object.assign(one, { writtenAt: now, writtenReading: report.reading });
    } else if (report.why.includes(PAST)) {
      Object.assign(one, { cutAt: now, cutReading: report.reading });
    }
  }

  #end(one: Noted, { ok, isFinal }: Extract<Report, { kind: "end" }>, now: number): void {
    Object.assign(one, { endedAt: now, ok, isFinal });
    const { starts, finals } = this.#pastOf(one.id);
    if (isFinal) this.#past.set(one.id, { starts, finals: finals + 1 });
  }

  // A deferred call sees no headers: it goes by its task's name, and so does what is written of it.
  #attemptOf(report: Extract<Report, { kind: "end" | "cut" | "written" }>): Noted | undefined {
    const known = report.attempt === undefined ? undefined : this.#open.get(report.attempt);
    if (known) return known;
    return this.noted.findLast(({ id, task, attempt }) => {
      return attempt === undefined && ("id" in report ? id === report.id : task === report.task);
    });
  }

  /** A task that left the Worker: /out/<id>/<what it does>, or the same as the body of a buffered one. */
  async #work(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const [, , id = "", does = "ok"] = (
      request.url === "/out" ? `/out/${body}` : `${request.url}`
    ).split("/");
    const { headers } = request;
    const stamps = stampsOf((name) => headers[name.toLowerCase()] as string | undefined);
    const said = (name: string) =>
      `${headers[`x-appengine-${name}`] ?? headers[`x-cloudtasks-${name}`] ?? ""}`;
    const [queue, task] = [said("queuename"), said("taskname")];
    this.note({ kind: "start", id, queue, task, ...stamps, ...deadlineOf(does) });
    const isFirst = this.#pastOf(id).starts === 1;
    if (does === "hang" && isFirst) return;
    const isBroken = does === "reset" && isFirst;
    this.note({ kind: "end", id, ok: !isBroken, ...stamps });
    if (isBroken) response.destroy();
    else if (does === "torn" && this.mayTear) tear(response);
    else response.end("done");
  }
}

// The status stands once it is given.
function tear(response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": "100" });
  response.write("half", () => response.destroy());
}
