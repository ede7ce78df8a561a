// What went wrong with a queue's failed tasks, by fault, and their redrives.
import { useState } from "preact/hooks";
import type { FailureGroup, FailurePage } from "../../core/failures/groups.ts";
import type { Redrive } from "../../core/failures/redrive.ts";
import { mayWrite } from "../access.ts";
import { queuePath } from "../api.ts";
import { count } from "../format/counts.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { useFetch } from "../use-fetch.ts";
import { type Chosen, RedriveDialog } from "./redrive-dialog.tsx";
import { Redrives, RunningRedrive } from "./redrives.tsx";
import { endOf, reachWords, runningOf, titleOf } from "./words.ts";

const POLL_MS = { failures: 5000, redrives: 1000 };

export function FailuresPage({ queue }: { queue: string }) {
  const now = useNow();
  const path = queuePath(queue);
  const failures = useFetch<FailurePage>(`${path}/failures`, Math.floor(now / POLL_MS.failures));
  const listed = useFetch<{ redrives: Redrive[] }>(
    `${path}/redrives`,
    Math.floor(now / POLL_MS.redrives),
  );
  const [chosen, setChosen] = useState<Chosen>();
  const error = failures.error ?? listed.error;
  if (error) return <Refused error={error} />;
  if (!failures.value || !listed.value) return <Loading what={`the failures of ${queue}`} />;
  const { redrives } = listed.value;
  const again = () => {
    failures.again();
    listed.again();
  };
  const all = failures.value.failures.reduce((sum, group) => sum + group.count, 0);
  return (
    <>
      <div class="page-head">
        <Crumbs above={[[queue, pathOf({ page: "queue", queue })]]} here="Failures" />
        <span class="subtitle line">tasks that failed or expired, by what went wrong</span>
        {mayWrite() && all > 0 && !runningOf(redrives, undefined) && (
          <div class="actions">
            <button type="button" onClick={() => setChosen({ count: all })}>
              Redrive all…
            </button>
          </div>
        )}
      </div>
      <section class="panel" aria-label="Failures">
        {all === 0 ? (
          <Nothing />
        ) : (
          <Groups {...{ queue, redrives, again }} page={failures.value} onRedrive={setChosen} />
        )}
      </section>
      <Redrives queue={queue} redrives={redrives} again={again} />
      {chosen && (
        <RedriveDialog {...{ queue, chosen }} onDone={again} onClose={() => setChosen(undefined)} />
      )}
    </>
  );
}

interface GroupsProps {
  queue: string;
  page: FailurePage;
  redrives: readonly Redrive[];
  again: () => void;
  onRedrive: (chosen: Chosen) => void;
}

function Groups({ queue, page, redrives, again, onRedrive }: GroupsProps) {
  const reach = reachWords(page);
  return (
    <>
      <table class="cards lines">
        <thead>
          <tr>
            <th scope="col">Ended with</th>
            <th scope="col">Target</th>
            <th scope="col">Error</th>
            <th scope="col">Tasks</th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
            <th scope="col">Some of them</th>
            {mayWrite() && (
              <th scope="col">
                <span class="hidden">What can be done</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {page.failures.map((group) => (
            <GroupRow
              key={group.fingerprint}
              {...{ queue, group, again, onRedrive }}
              running={runningOf(redrives, group.fingerprint)}
            />
          ))}
        </tbody>
      </table>
      {reach && <div class="panel-foot muted">{reach}</div>}
    </>
  );
}

interface RowProps extends Pick<GroupsProps, "queue" | "again" | "onRedrive"> {
  group: FailureGroup;
  running: Redrive | undefined;
}

function GroupRow({ queue, group, running, again, onRedrive }: RowProps) {
  const { fingerprint, target, error, firstSeen, lastSeen, tasks } = group;
  return (
    <tr data-row="">
      <th scope="row" title={`fingerprint ${fingerprint}`}>
        {endOf(group)}
      </th>
      <td data-label="Target">
        <bdi>{target ?? "–"}</bdi>
      </td>
      <td data-label="Error" class="reason">
        <bdi>{error ?? "–"}</bdi>
      </td>
      <td data-label="Tasks" class="number">
        {count(group.count)}
      </td>
      <td data-label="First seen">
        <When at={firstSeen} as="relative" />
      </td>
      <td data-label="Last seen">
        <When at={lastSeen} as="relative" />
      </td>
      <td data-label="Some of them">
        {tasks.map((task, i) => (
          <span key={task}>
            {i > 0 && ", "}
            <a href={pathOf({ page: "task", queue, task })}>
              <bdi>{task}</bdi>
            </a>
          </span>
        ))}
      </td>
      {mayWrite() && (
        <td class="reason">
          {running ? (
            <RunningRedrive {...{ queue, again }} redrive={running} />
          ) : (
            <span class="actions">
              <button
                type="button"
                aria-label={`Redrive ${titleOf(group)}`}
                onClick={() => onRedrive({ count: group.count, fingerprint })}
              >
                Redrive…
              </button>
            </span>
          )}
        </td>
      )}
    </tr>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <p>No task that failed or expired is kept.</p>
    </div>
  );
}
