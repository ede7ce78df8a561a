// `tail`: follows what happens to queues.
import type { QueueEvent } from "../../core/metrics/queue-event.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { duration, printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/terminal.ts";
import { type Remote, remote } from "./queues-of.ts";

const STYLES: { readonly [Kind in QueueEvent["event"]]?: Style } = {
  done: "green",
  ...{ retried: "yellow", expired: "yellow", cut_off: "yellow", missed: "yellow" },
  failed: "red",
};

export default remote(async (it) => {
  await Promise.all(it.given.args.map((name) => follow(it, name)));
  return 0;
});

async function follow(it: Remote, name: string): Promise<void> {
  const { isJson, queues, signal, terminal } = it;
  const isOne = it.given.args.length === 1;
  for await (const event of (queues.get(name) as RemoteQueue).tail({ signal })) {
    if (isJson) terminal.line(JSON.stringify({ queue: name, ...event }));
    else {
      const style = STYLES[event.event];
      const line = lineOf(event, isOne ? "" : `${name} `);
      terminal.line(style ? terminal.paint(style, line) : line);
    }
  }
}

function lineOf(event: QueueEvent, queue: string): string {
  const {
    at,
    event: kind,
    task,
    attempt,
    status,
    error,
    runTime,
    lateness,
    nextAttemptAt,
    count,
  } = event;
  const details = [
    count !== undefined && `${count} tasks`,
    attempt !== undefined && `attempt ${attempt}`,
    status !== undefined && `${status}`,
    runTime !== undefined && `in ${duration(runTime)}`,
    lateness !== undefined && `${duration(lateness)} late`,
    nextAttemptAt !== undefined && `again at ${nextAttemptAt}`,
    error,
  ].filter((it) => it !== false && it !== undefined && it !== "");
  return printable(
    `${at} ${queue}${kind.padEnd(8)} ${[task, ...details].filter(Boolean).join("  ")}`,
  );
}
