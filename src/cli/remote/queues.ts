// `queues`: lists the queues.
import { now } from "../../remote/clock.ts";
import type { QueueView } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { duration } from "../terminal/printable.ts";
import { type Column, table } from "../terminal/table.ts";
import { type Queues, type Remote, remote } from "./queues-of.ts";

export default remote(async (it) => {
  const queues = await chosen(it);
  if (it.isJson) for (const queue of queues) it.terminal.line(JSON.stringify(queue));
  else printTable(it, queues);
  return 0;
});

async function chosen({ given, queues, signal }: Remote): Promise<QueueView[]> {
  const [prefix = "", state] = ["prefix", "state"].map((name) => textOption(given, name));
  const found: QueueView[] = [];
  for await (const page of queuePages(queues, signal)) {
    found.push(
      ...page.filter((it) => it.name.startsWith(prefix) && (state ?? it.state) === it.state),
    );
  }
  return found;
}

export async function* queuePages(
  queues: Queues,
  signal: AbortSignal,
): AsyncGenerator<QueueView[]> {
  let cursor: string | undefined;
  do {
    const page = await queues.list(cursor === undefined ? {} : { cursor }, { signal });
    yield page.queues;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function printTable({ terminal }: Remote, queues: readonly QueueView[]): void {
  const [titles = "", ...lines] = table(columns(now()), queues, terminal.width);
  terminal.line(terminal.paint("bold", titles));
  for (const [i, line] of lines.entries()) {
    const { state, statistics } = queues[i] as QueueView;
    const isTrouble = statistics.failed > 0 || state === "disabled";
    terminal.line(isTrouble ? terminal.paint("red", line) : line);
  }
}

function columns(at: number): Column<QueueView>[] {
  return [
    { title: "QUEUE", of: ({ name }) => name },
    { title: "MODE", of: ({ mode }) => mode },
    { title: "STATE", of: ({ state }) => state },
    { title: "TASKS", isRight: true, of: ({ statistics }) => statistics.tasks },
    { title: "DUE", isRight: true, of: ({ statistics }) => statistics.states.due ?? ">1000" },
    { title: "RUNNING", isRight: true, of: ({ statistics }) => statistics.inFlight },
    { title: "FAILED", isRight: true, of: ({ statistics }) => statistics.failed },
    { title: "DONE/MIN", isRight: true, of: ({ statistics }) => statistics.doneLastMinute },
    { title: "LATE", isRight: true, of: (queue) => lateOf(queue, at) },
    { title: "RATE", isRight: true, of: ({ rate }) => rate || "-" },
  ];
}

/** How long the oldest has been due. */
function lateOf({ statistics: { oldestEta } }: QueueView, at: number): string {
  const late = oldestEta === null ? 0 : (at - Date.parse(oldestEta)) / 1000;
  return late > 0 ? duration(late) : "-";
}
