// Group page: progress, master task and subtask results.
import { useState } from "preact/hooks";
import type { GroupProgress } from "../../core/task/group.ts";
import { mayWrite } from "../access.ts";
import { groupPath, post } from "../api.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { Icon, type IconName } from "../format/icon.tsx";
import { When } from "../format/when.tsx";
import { pathOf } from "../route.ts";
import { Confirm } from "../shell/dialog.tsx";
import { Loading, Refused } from "../shell/loading.tsx";
import { acting } from "../shell/messages.tsx";
import { GroupBar } from "./group-bar.tsx";
import { Results } from "./results.tsx";
import { useGroup } from "./use-group.ts";

export function GroupPage({ name }: { name: string }) {
  const { group, error, again } = useGroup(name);
  if (error) return <Refused error={error} />;
  if (!group) return <Loading what={`group ${name}`} />;
  return (
    <>
      <div class="page-head">
        <Crumbs above={[]} here={name} />
        <span class="subtitle line">
          <GroupStateMark state={group.state} /> group
        </span>
        {mayWrite() && group.state === "running" && <Cancel name={name} onDone={again} />}
      </div>
      <section class="panel" aria-label="Progress">
        <GroupBar group={group} />
      </section>
      <Facts group={group} />
      <Results group={group} />
    </>
  );
}

const ICONS: Record<GroupProgress["state"], IconName> = {
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "deleted",
};

function GroupStateMark({ state }: Pick<GroupProgress, "state">) {
  return (
    <span class={`state state-${state}`}>
      <Icon name={ICONS[state]} />
      {state}
    </span>
  );
}

function Facts({ group }: { group: GroupProgress }) {
  const { master, then, queues, onFailure, open, createdAt, endedAt, expiresAt } = group;
  return (
    <dl class="strip facts">
      <Fact name="Made">
        <When at={createdAt} as="both" />
      </Fact>
      {endedAt && (
        <Fact name="Ended">
          <When at={endedAt} as="both" />
        </Fact>
      )}
      {master && (
        <Fact name="Master">
          <TaskLink queue={master.queue} name={master.name} />
        </Fact>
      )}
      {then && <Fact name="Then">{thenOf(then)}</Fact>}
      <Fact name="Queues">
        {queues.map((queue, index) => (
          <span key={queue}>
            {index > 0 && ", "}
            <a href={pathOf({ page: "queue", queue })}>{queue}</a>
          </span>
        ))}
      </Fact>
      <Fact name="Done if">
        {onFailure === "all"
          ? "all are done"
          : onFailure === "any"
            ? "any is done"
            : `at most ${onFailure} fail`}
      </Fact>
      {open && <Fact name="Open">more may be added</Fact>}
      {expiresAt && (
        <Fact name="Kept until">
          <When at={expiresAt} as="both" />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function thenOf({ queue, name, error }: NonNullable<GroupProgress["then"]>) {
  if (error !== undefined) return <span class="bad">{error}</span>;
  if (name === undefined) return <>a task on {queue}</>;
  return <TaskLink queue={queue} name={name} />;
}

function TaskLink({ queue, name }: { queue: string; name: string }) {
  return (
    <a href={pathOf({ page: "task", queue, task: name })}>
      <bdi>{name}</bdi>
    </a>
  );
}

function Cancel({ name, onDone }: { name: string; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const cancel = async () => {
    await acting(async () => {
      await post(`${groupPath(name)}:cancel`);
      return `group ${name} is cancelled`;
    });
    onDone();
  };
  return (
    <div class="actions">
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        Cancel…
      </button>
      {isOpen && (
        <Confirm
          title="Cancel the group"
          action="Cancel the group"
          isDangerous
          onConfirm={cancel}
          onClose={() => setOpen(false)}
        >
          <p>
            Deletes the subtasks of <b class="breaks">{name}</b> that have not ended. What was to
            follow is not added.
          </p>
        </Confirm>
      )}
    </div>
  );
}
