// `costs`: what the queues use, and what that costs.
import type { Costs, QueueCosts } from "../../remote/index.ts";
import { type Column, table } from "../terminal/table.ts";
import { remote } from "./queues-of.ts";

export default remote(async ({ queues, signal, say, terminal }) => {
  const costs = await queues.costs({ signal });
  say(costs, () => linesOf(costs, terminal.width));
  return 0;
});

function linesOf({ queues, directory, total }: Costs, width: number | undefined): string[] {
  const { perDay, perMonth } = total;
  // No queue has a name with brackets.
  const rows = directory ? [...queues, { name: "(directory)", ...directory }] : queues;
  return [
    ...table(COLUMNS, rows, width),
    `all: ${dollars(perDay.dollars)} a day, ${dollars(perMonth.dollars)} a month; past what Workers Paid includes ${dollars(perMonth.dollarsPastIncluded)} a month`,
  ];
}

const COLUMNS: readonly Column<QueueCosts>[] = [
  { title: "QUEUE", of: ({ name }) => name },
  { title: "SINCE", of: ({ since }) => since },
  { title: "ROWS WRITTEN/DAY", isRight: true, of: ({ perDay }) => whole(perDay.rowsWritten) },
  { title: "REQUESTS/DAY", isRight: true, of: ({ perDay }) => whole(perDay.requests) },
  { title: "ACTIVE S/DAY", isRight: true, of: ({ perDay }) => whole(perDay.activeSeconds) },
  { title: "$/DAY", isRight: true, of: ({ perDay }) => dollars(perDay.dollars) },
  { title: "$/MONTH", isRight: true, of: ({ perMonth }) => dollars(perMonth.dollars) },
];

function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}
