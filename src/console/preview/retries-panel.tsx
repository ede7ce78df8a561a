// The attempts of a task that always fails.
import { duration } from "../format/times.ts";
import type { Retries } from "./retries.ts";

export function RetriesPanel({ retries: { attempts, givenUpAt } }: { retries: Retries }) {
  return (
    <section class="panel" aria-label="Attempts of a task that always fails">
      <div class="panel-head">
        <h2>A task that always fails</h2>
        <span class="muted">
          {givenUpAt === undefined
            ? "is never given up"
            : `is given up after ${duration(givenUpAt)}`}
        </span>
      </div>
      <ol class="retries">
        {attempts.map(({ number, startsAt, wait }) => (
          <li key={number}>
            <b>{number}</b>
            <span>{number === 1 ? "at once" : `after ${duration(startsAt)}`}</span>
            <span class="muted">{wait === undefined ? "" : `waited ${duration(wait)}`}</span>
          </li>
        ))}
        {givenUpAt === undefined && <li class="muted">and so on</li>}
      </ol>
    </section>
  );
}
