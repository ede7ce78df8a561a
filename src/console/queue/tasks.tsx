// A queue's tasks: tabs, filter, list and bulk actions. The filter is in the URL.
import { useCallback, useEffect, useState } from "preact/hooks";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { mayWrite } from "../access.ts";
import { FilterField } from "../format/filter-field.tsx";
import { useQueryFields } from "../navigation.ts";
import { useKey } from "../shell/shortcuts.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { EmptyList } from "./empty-list.tsx";
import { FILTER_FIELDS, type Filter, listedState, lookedWords } from "./filter.ts";
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
  useEffect(clear, [filter.state, ...FILTER_FIELDS.map((field) => filter[field])]);
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
        {list.scanned !== undefined && (
          <span class="muted" role="status">
            {lookedWords(list.scanned, allOf(queue, filter))}
          </span>
        )}
        {list.more && (
          <button type="button" onClick={list.more}>
            {list.scanned === undefined ? "Show more" : "Go on"}
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
  const { state = "", ...given } = useQueryFields();
  const { prefix = "", tag = "", key = "", text = "", header = "" } = given;
  return { state: listedState(state), prefix, tag, key, text, header };
}

/** How many tasks a search has to look at, as far as that is known. */
function allOf({ statistics: { tasks, states } }: WatchedQueue, { state }: Filter): number | null {
  if (state === "" || state === "ended") return tasks;
  return states[state];
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
      {filter.state !== "ended" && (
        <>
          <FilterField name="header" label="Header: value" value={filter.header} />
          <FilterField name="text" label="In the payload" value={filter.text} />
        </>
      )}
      <FilterField name="prefix" label="Name begins with" value={filter.prefix} isFirst />
    </div>
  );
}
