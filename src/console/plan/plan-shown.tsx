// A plan of a deploy: of each queue what changes, what that does to its tasks, and what is lost.
import type { ComponentChildren } from "preact";
import type { SettingChange } from "../../core/config/config-changes.ts";
import type { DeployPlan } from "../../core/config/plan.ts";
import type { QueuePlan } from "../../core/config/queue-plan.ts";
import { Icon } from "../format/icon.tsx";
import { WithTimes } from "../format/with-times.tsx";
import { pathOf } from "../route.ts";
import { backlogWords, CHANGES, changesNothing, nextRunWords, restWords } from "./words.ts";

export function PlanShown({ plan }: { plan: DeployPlan }) {
  const { file, limits, queues, cron = [], lost } = plan;
  return (
    <section class="panel plan" aria-label="What would change" role="status">
      <div class="panel-head">
        <h2>{changesNothing(plan) ? "Nothing changes" : "What would change"}</h2>
        {lost && <Lost>Something is lost</Lost>}
      </div>
      {file.length > 0 && <Planned what="file" name="queue.yaml" change="" changes={file} />}
      {limits.map(({ name, change, changes }) => (
        <Planned key={name} what="limit" name={name} change={CHANGES[change]} changes={changes} />
      ))}
      {queues.map((queue) => (
        <QueueShown key={queue.name} plan={queue} />
      ))}
      {cron.map((entry) => (
        <Planned
          key={entry.name}
          what="cron"
          name={entry.name}
          change={CHANGES[entry.change]}
          changes={entry.changes}
        >
          {entry.lost && <Lost>It does not come round any more</Lost>}
          <p class="muted">
            <WithTimes text={nextRunWords(entry)} />
          </p>
        </Planned>
      ))}
      <p class="panel-foot muted">{restWords(plan)}</p>
    </section>
  );
}

function QueueShown({ plan }: { plan: QueuePlan }) {
  const { name, change, changes, effects } = plan;
  const backlog = backlogWords(plan);
  return (
    <Planned
      what="queue"
      name={name}
      change={CHANGES[change]}
      changes={changes}
      isThere={change !== "new"}
    >
      {backlog && <p class="muted">{backlog}</p>}
      {effects.map(({ kind, message, lost }) =>
        lost ? (
          <Lost key={`${kind} ${message}`}>Lost: {message}</Lost>
        ) : (
          <p key={`${kind} ${message}`}>{message}</p>
        ),
      )}
    </Planned>
  );
}

interface PlannedProps {
  what: string;
  name: string;
  change: string;
  changes: readonly SettingChange[];
  /** Whether it is a queue that has a page. */
  isThere?: boolean;
  children?: ComponentChildren;
}

function Planned({ what, name, change, changes, isThere = false, children }: PlannedProps) {
  return (
    <article class="planned">
      <h3>
        <span class="muted">{what}</span>{" "}
        {isThere ? (
          <a href={pathOf({ page: "queue", queue: name })}>
            <bdi>{name}</bdi>
          </a>
        ) : (
          <bdi>{name}</bdi>
        )}{" "}
        {change && <span class="tag">{change}</span>}
      </h3>
      {changes.length > 0 && (
        <dl class="pairs">
          {changes.map(({ key, before, after }) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>
                {before} → <b>{after}</b>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {children}
    </article>
  );
}

function Lost({ children }: { children: ComponentChildren }) {
  return (
    <p class="problem problem-bad">
      <Icon name="failed" />
      <span>{children}</span>
    </p>
  );
}
