// A queue's tasks: tabs, filter, list and bulk actions. The filter is in the URL.
import { useCallback, useEffect, useState } from "preact/hooks";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { mayWrite } from "../access.ts";
import { FilterField } from "../format/filter-field.tsx";
import { useQuery } from "../navigation.ts";
import { useKey } from "../shell/shortcuts.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { EmptyList } from "./empty-list.tsx";
import { type Filter, listedState } from "./filter.ts";
import { Tabs } from "./tabs.tsx";
import { TaskRows } from "./task-rows.tsx";
import { useTaskList } from "./use-task-list.ts";

const NONE: ReadonlySet<string> = new Set();

export function Tasks({ queue, onAdd }: { queue: WatchedQueue; onAdd: () => void }) {
  const filter = useFilter();
  const list = useTaskList(queue.name, filter);
  const [selected, setSelected] = useState(NONE);
  const [isAll, setAll] = useState(false);
  const clear = useCallback(() => {
    setSelected(NONE);
    setAll(false);
  }, []);
  // Clears the selection, so that no hidden task is deleted by accident.
  useEffect(clear, [filter.state, filter.prefix, filter.tag, filter.key]);
  useKey(useCallback((event) => event.key === "Escape" && clear(), [clear]));
  const select = (names: readonly string[], isSelected: boolean) => {
    const next = new Set(selected);
    for (const name of names) isSelected ? next.add(name) : next.delete(name);
    setSelected(next);
    setAll(false);
  };
  const isEnded = filter.state === "ended";
  const { tasks } = list;
  return (
    <section class="panel" aria-label="Tasks">
      <div class="panel-head">
        <Tabs queue={queue} filter={filter} />
        <FilterFields filter={filter} isPull={queue.mode === "pull"} />
      </div>
      {mayWrite() && selected.size > 0 && (
        <BulkBar
          {...{ queue, filter, selected, isAll }}
          hasMore={list.more !== undefined}
          onAll={() => setAll(true)}
          onClear={clear}
          onDone={() => {
            clear();
            list.again();
          }}
        />
      )}
      {list.error && <p class="notice">{list.error.message}</p>}
      {tasks && tasks.length > 0 && (
        <TaskRows tasks={tasks} selected={selected} onSelect={select} isEnded={isEnded} />
      )}
      {tasks?.length === 0 && !list.more && (
        <EmptyList queue={queue} filter={filter} onAdd={onAdd} />
      )}
      <div class="panel-foot">
        {list.more && (
          <button type="button" onClick={list.more}>
            Show more
          </button>
        )}
        {list.isOld && (
          <button type="button" class="link" onClick={list.again}>
            The queue has changed: list it anew
          </button>
        )}
      </div>
    </section>
  );
}

function useFilter(): Filter {
  return {
    state: listedState(useQuery("state")),
    prefix: useQuery("prefix"),
    tag: useQuery("tag"),
    key: useQuery("key"),
  };
}

function FilterFields({ filter, isPull }: { filter: Filter; isPull: boolean }) {
  return (
    <div class="filters">
      {isPull && filter.state !== "ended" && (
        <FilterField name="tag" label="Tag" value={filter.tag} />
      )}
      {filter.key !== "" && filter.state !== "ended" && (
        <FilterField name="key" label="Key" value={filter.key} />
      )}
      <FilterField name="prefix" label="Name begins with" value={filter.prefix} isFirst />
    </div>
  );
}
