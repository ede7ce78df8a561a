// The keys that a queue's tasks name: what waits and runs of each, what it waits for, and its limits.
import { useState } from "preact/hooks";
import { type KeyPage, type KeyView, MOST_COUNTED } from "../../core/metrics/key-view.ts";
import { mayDecide } from "../access.ts";
import { get, queuePath } from "../api.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { WithTimes } from "../format/with-times.tsx";
import { useNow } from "../live/now.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { sayRefused } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";
import { KeyLimitsDialog } from "./key-limits-dialog.tsx";
import { busiestFirst, counted, limitsText } from "./keys.ts";

const POLL_MS = 3000;
const PAGE = 100;

export function KeysPage({ queue }: { queue: string }) {
  const [further, setFurther] = useState<KeyPage[]>([]);
  // With more pages than one, the list stands still.
  const tick = further.length > 0 ? 0 : Math.floor(useNow() / POLL_MS);
  const path = `${queuePath(queue)}/keys?limit=${PAGE}`;
  const first = useFetch<KeyPage>(path, tick);
  const [limited, setLimited] = useState<KeyView>();
  if (first.error) return <Refused error={first.error} />;
  if (!first.value) return <Loading what={`the keys of ${queue}`} />;
  const pages = [first.value, ...further];
  const cursor = pages.at(-1)?.cursor;
  const more = async (from: string) => {
    const page = await get<KeyPage>(`${path}&cursor=${encodeURIComponent(from)}`);
    setFurther([...further, page]);
  };
  const again = () => {
    setFurther([]);
    first.again();
  };
  const keys = busiestFirst(pages.flatMap((page) => page.keys));
  return (
    <>
      <div class="page-head">
        <Crumbs above={[[queue, pathOf({ page: "queue", queue })]]} here="Keys" />
        <span class="subtitle line">whose tasks wait or run, the busiest shown first</span>
      </div>
      <section class="panel" aria-label="Keys of tasks">
        {keys.length === 0 ? <NoKeys /> : <Keys queue={queue} keys={keys} onLimit={setLimited} />}
        <div class="panel-foot">
          {cursor !== undefined && (
            <button type="button" onClick={() => void more(cursor).catch(sayRefused)}>
              Show more
            </button>
          )}
          {further.length > 0 && (
            <button type="button" class="link" onClick={again}>
              List them anew
            </button>
          )}
        </div>
      </section>
      {limited && (
        <KeyLimitsDialog
          queue={queue}
          view={limited}
          onDone={again}
          onClose={() => setLimited(undefined)}
        />
      )}
    </>
  );
}

interface KeysProps {
  queue: string;
  keys: readonly KeyView[];
  onLimit: (key: KeyView) => void;
}

function Keys({ queue, keys, onLimit }: KeysProps) {
  return (
    <table class="cards lines">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Waiting</th>
          <th scope="col">For later</th>
          <th scope="col" title="Of a pull queue: leased">
            Running
          </th>
          <th scope="col">Tokens</th>
          <th scope="col">Limits</th>
          <th scope="col">What it waits for</th>
          {mayDecide() && (
            <th scope="col">
              <span class="hidden">What can be done</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {keys.map((view) => (
          <KeyRow key={view.key} queue={queue} view={view} onLimit={onLimit} />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({
  queue,
  view,
  onLimit,
}: { queue: string; view: KeyView } & Pick<KeysProps, "onLimit">) {
  const { key, waiting, scheduled, running, tokens, limits, set, why } = view;
  const slots = limits.maxConcurrentRequests;
  return (
    <tr data-row="">
      <th scope="row" class="task-name">
        <a href={`${pathOf({ page: "queue", queue })}?key=${encodeURIComponent(key)}`}>
          <bdi>{key}</bdi>
        </a>
      </th>
      <td data-label="Waiting" class="number" title={titleOf(waiting)}>
        {counted(waiting)}
      </td>
      <td data-label="For later" class="number" title={titleOf(scheduled)}>
        {counted(scheduled)}
      </td>
      <td data-label="Running" class="number">
        {running}
        {slots !== undefined && <span class="muted"> of {slots}</span>}
      </td>
      <td data-label="Tokens" class="number">
        {tokens === null ? "–" : tokens}
        {tokens !== null && <span class="muted"> of {limits.bucketSize}</span>}
      </td>
      <td data-label="Limits">
        {limitsText(limits)}
        {set && <span class="tag">set by hand</span>}
      </td>
      <td class="reason">{why ? <WithTimes text={why} /> : "–"}</td>
      {mayDecide() && (
        <td class="reason">
          <span class="actions">
            <button type="button" aria-label={`Limit ${key}`} onClick={() => onLimit(view)}>
              Limit…
            </button>
          </span>
        </td>
      )}
    </tr>
  );
}

function titleOf(n: number): string | undefined {
  return n > MOST_COUNTED ? `more than ${MOST_COUNTED} are not counted` : undefined;
}

const LINES = `extensions:
  keys:
    rate: 10/s
    weight: 2`;

function NoKeys() {
  return (
    <div class="empty">
      <p>
        No task here names a key. Tasks with one take fair turns, and queue.yaml may limit each key:
      </p>
      <pre>{LINES}</pre>
    </div>
  );
}
