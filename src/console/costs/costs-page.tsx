// What queues use of what the platform bills, and what that comes to at list price.
import type { ComponentChildren } from "preact";
import type { Costs, CostsSince } from "../../core/metrics/costs.ts";
import { count, dollars, percent } from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { When } from "../format/when.tsx";
import { setQuery, useQuery } from "../navigation.ts";
import { Figure } from "../queues/summary.tsx";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { useFetch } from "../use-fetch.ts";
import {
  COLUMNS,
  type Column,
  columnOf,
  firstOrder,
  includedRows,
  type Order,
  sorted,
} from "./costs.ts";

export function CostsPage() {
  // Each queue's object is asked, which is a request of each: not again and again by itself.
  const { value, error, again } = useFetch<Costs>("/costs");
  if (error) return <Refused error={error} />;
  if (!value) return <Loading what="the costs" />;
  const { perDay, perMonth } = value.total;
  return (
    <>
      <div class="page-head">
        <h1>Costs</h1>
        <span class="subtitle muted">
          at list price of {value.prices.date}, on average since each queue was first counted
        </span>
        <div class="actions">
          <button type="button" onClick={again}>
            Count again
          </button>
        </div>
      </div>
      <dl class="strip" aria-label="All queues">
        <Figure name="A day" value={dollars(perDay.dollars)} />
        <Figure name="A month" value={dollars(perMonth.dollars)} />
        <Figure
          name="Past the plan"
          value={dollars(perMonth.dollarsPastIncluded)}
          unit=" a month"
          isWide
        />
      </dl>
      <Queues costs={value} />
      <Included costs={value} />
    </>
  );
}

function Queues({ costs: { queues, directory } }: { costs: Costs }) {
  const by = columnOf(useQuery("sort"));
  const turned = useQuery("order");
  const order = turned === "up" || turned === "down" ? turned : firstOrder(by);
  if (queues.length === 0) {
    return <p class="empty">No queue has been counted yet: one is, from its first task on.</p>;
  }
  return (
    <section class="panel" aria-label="Queues">
      <table class="cards lines costs">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <Heading key={column} column={column} by={by} order={order} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(queues, by, order).map((costs) => (
            <Row key={costs.name} costs={costs}>
              <a href={pathOf({ page: "queue", queue: costs.name })}>
                <bdi>{costs.name}</bdi>
              </a>
            </Row>
          ))}
          {directory && <Row costs={directory}>the directory of queues</Row>}
        </tbody>
      </table>
    </section>
  );
}

const TITLES: Record<Column, string> = {
  name: "Queue",
  rows: "Rows written a day",
  requests: "Requests a day",
  active: "Awake a day",
  day: "A day",
  month: "A month",
  since: "Counted since",
};

const SORTED = { up: "ascending", down: "descending" } as const;

function Heading({ column, by, order }: { column: Column; by: Column; order: Order }) {
  const isBy = column === by;
  const next = isBy ? (order === "up" ? "down" : "up") : firstOrder(column);
  return (
    <th scope="col" aria-sort={isBy ? SORTED[order] : undefined}>
      <button
        type="button"
        class="sort"
        onClick={() =>
          setQuery({ sort: column, order: next === firstOrder(column) ? undefined : next })
        }
      >
        {TITLES[column]}
        {isBy && <span aria-hidden="true">{order === "up" ? "▲" : "▼"}</span>}
      </button>
    </th>
  );
}

function Row({ costs, children }: { costs: CostsSince; children: ComponentChildren }) {
  const { since, perDay, perMonth } = costs;
  return (
    <tr data-row="">
      <th scope="row" class="task-name">
        {children}
      </th>
      <td data-label="Rows written a day" class="number">
        {count(perDay.rowsWritten)}
      </td>
      <td data-label="Requests a day" class="number">
        {count(perDay.requests)}
      </td>
      <td data-label="Awake a day" class="number">
        {duration(perDay.activeSeconds)}
      </td>
      <td data-label="A day" class="number">
        {dollars(perDay.dollars)}
      </td>
      <td data-label="A month" class="number">
        {dollars(perMonth.dollars)}
      </td>
      <td data-label="Counted since" class="nowrap">
        <When at={since} as="relative" />
      </td>
    </tr>
  );
}

function Included({ costs }: { costs: Costs }) {
  return (
    <section class="panel" aria-label="What the plan includes">
      <div class="panel-head">
        <h2>What Workers Paid includes a month</h2>
        <span class="muted">for all that the account has</span>
      </div>
      <table class="cards lines">
        <thead>
          <tr>
            <th scope="col">Of</th>
            <th scope="col">These queues a month</th>
            <th scope="col">Included</th>
            <th scope="col">Part</th>
          </tr>
        </thead>
        <tbody>
          {includedRows(costs).map(({ what, used, included }) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td data-label="These queues a month" class="number">
                {count(used)}
              </td>
              <td data-label="Included" class="number">
                {count(included)}
              </td>
              <td data-label="Part" class="number">
                {percent(used / included)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
