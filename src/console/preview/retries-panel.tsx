// When a task that always fails is tried.
import { duration } from "../format/times.ts";
import type { Retries } from "./retries.ts";

export function RetriesPanel({ retries: { attempts, failsAt } }: { retries: Retries }) {
  return (
    <section class="panel" aria-label="Attempts of a task that always fails">
      <div class="panel-head">
        <h2>A task that always fails</h2>
        <span class="muted">
          {failsAt === undefined
            ? "never fails for good"
            : `fails for good after ${duration(failsAt)}`}
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
        {failsAt === undefined && <li class="muted">and so on</li>}
      </ol>
    </section>
  );
}
