// The cron entries: next run, last result, and running one now.

import type { CronView } from "../../core/config/cron-view.ts";
import { mayWrite } from "../access.ts";
import { post } from "../api.ts";
import { counted } from "../format/counts.ts";
import { Icon } from "../format/icon.tsx";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { acting } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";

const POLL_MS = 2000;

export function CronPage() {
  const tick = Math.floor(useNow() / POLL_MS);
  const { value, error, again } = useFetch<{ cron: CronView[] }>("/cron", tick);
  if (error) return <Refused error={error} />;
  if (!value) return <Loading what="the recurring tasks" />;
  return (
    <>
      <h1>Cron</h1>
      <section class="panel" aria-label="Recurring tasks">
        {value.cron.length === 0 ? <NoEntries /> : <Entries entries={value.cron} onDone={again} />}
      </section>
    </>
  );
}

function Entries({ entries, onDone }: { entries: readonly CronView[]; onDone: () => void }) {
  return (
    <table class="cards lines">
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">State</th>
          <th scope="col">Schedule</th>
          <th scope="col">Next</th>
          <th scope="col">Last</th>
          <th scope="col">Queue</th>
          {mayWrite() && (
            <th scope="col">
              <span class="hidden">What can be done</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <EntryRow key={entry.name} entry={entry} onDone={onDone} />
        ))}
      </tbody>
    </table>
  );
}

function EntryRow({ entry, onDone }: { entry: CronView; onDone: () => void }) {
  const { name, description, url, schedule, timezone, queue, state, nextRun, lastRun } = entry;
  const { missed = 0 } = entry;
  return (
    <tr data-row="">
      <th scope="row" class="entry-name">
        <b>{name}</b>
        <span class="muted"> GET {url}</span>
        {description !== undefined && description !== name && (
          <div class="muted">{description}</div>
        )}
      </th>
      <td>
        <span class={`state state-${state === "running" ? "active" : state}`}>
          <Icon name={state} />
          {state}
        </span>
      </td>
      <td data-label="Schedule">
        {schedule} <span class="muted">{timezone}</span>
      </td>
      <td data-label="Next" class="nowrap">
        {nextRun ? <When at={nextRun} as="both" /> : "–"}
      </td>
      <td data-label="Last">
        {lastRun ? (
          <a href={pathOf({ page: "task", queue: lastRun.queue, task: lastRun.task })}>
            <When at={lastRun.addedAt} as="relative" />
          </a>
        ) : (
          "–"
        )}
        {missed > 0 && <div class="muted">{counted(missed, "time")} missed</div>}
      </td>
      <td data-label="Queue">
        <a href={pathOf({ page: "queue", queue })}>{queue}</a>
      </td>
      {mayWrite() && (
        <td class="reason">
          <EntryActions entry={entry} onDone={onDone} />
        </td>
      )}
    </tr>
  );
}

function EntryActions({ entry: { name, state }, onDone }: { entry: CronView; onDone: () => void }) {
  const act = async (verb: string, said: string) => {
    await acting(async () => {
      await post(`/cron/${encodeURIComponent(name)}:${verb}`);
      return said;
    });
    onDone();
  };
  return (
    <span class="actions">
      <button type="button" onClick={() => act("run", `a task of ${name} is on its queue`)}>
        Run now
      </button>
      {state === "paused" ? (
        <button type="button" onClick={() => act("resume", `${name} runs again`)}>
          Resume
        </button>
      ) : (
        <button type="button" onClick={() => act("pause", `${name} is paused`)}>
          Pause
        </button>
      )}
    </span>
  );
}

const LINES = `cron:
  - description: nightly report
    url: /_ah/queue/report
    schedule: every day 03:00`;

function NoEntries() {
  return (
    <div class="empty">
      <p>Nothing recurs yet. Recurring tasks stand in cron.yaml:</p>
      <pre>{LINES}</pre>
    </div>
  );
}
