// The selection bar with its bulk actions.
import { useState } from "preact/hooks";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { count } from "../format/counts.ts";
import { BULK, type BulkVerb, verbsOf } from "./bulk-actions.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import type { Filter } from "./filter.ts";

interface Props {
  queue: WatchedQueue;
  filter: Filter;
  selected: ReadonlySet<string>;
  /** Whether more tasks match the filter than are listed. */
  hasMore: boolean;
  isAll: boolean;
  onAll: () => void;
  onClear: () => void;
  onDone: () => void;
}

export function BulkBar(props: Props) {
  const { queue, filter, selected, hasMore, isAll, onAll, onClear, onDone } = props;
  const [verb, setVerb] = useState<BulkVerb>();
  return (
    <div class="bulk" role="toolbar" aria-label="What to do with the selected tasks">
      <span>{isAll ? "All that match" : `${count(selected.size)} selected`}</span>
      {hasMore && !isAll && (
        <button type="button" class="link" onClick={onAll}>
          Select all that match
        </button>
      )}
      {verbsOf(queue.mode, filter).map((one) => (
        <button
          key={one}
          type="button"
          class={BULK[one].isDangerous ? "danger" : ""}
          onClick={() => setVerb(one)}
        >
          {BULK[one].label}…
        </button>
      ))}
      <button type="button" class="link" onClick={onClear}>
        Clear
      </button>
      {verb && (
        <BulkDialog
          queue={queue.name}
          verb={verb}
          filter={filter}
          names={isAll ? undefined : [...selected]}
          onClose={(isDone) => {
            setVerb(undefined);
            if (isDone) onDone();
          }}
        />
      )}
    </div>
  );
}
