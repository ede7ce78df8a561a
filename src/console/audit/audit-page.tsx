// What operators did: who, when, what, on which queue.
import { useState } from "preact/hooks";
import type { AuditEntry, AuditPage as Page } from "../../core/audit.ts";
import { get } from "../api.ts";
import { FilterField } from "../format/filter-field.tsx";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { useQuery } from "../navigation.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { sayRefused } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";
import { actWords, countWords, outcomeWords } from "./words.ts";

const POLL_MS = 5000;

export function AuditPage() {
  const [queue, who] = [useQuery("queue"), useQuery("who")];
  return (
    <>
      <h1>Audit</h1>
      <section class="panel" aria-label="Acts of operators">
        <div class="panel-head">
          <div class="filters">
            <FilterField name="who" label="Who" value={who} />
            <FilterField name="queue" label="Queue" value={queue} isFirst />
          </div>
        </div>
        <List key={`${queue} ${who}`} path={pathTo(queue, who)} />
      </section>
    </>
  );
}

function pathTo(queue: string, who: string): string {
  const query = new URLSearchParams();
  if (queue) query.set("queue", queue);
  if (who) query.set("who", who);
  return `/audit${query.size > 0 ? `?${query}` : ""}`;
}

function List({ path }: { path: string }) {
  const [further, setFurther] = useState<Page[]>([]);
  // With more pages than one, the list stands still.
  const tick = further.length > 0 ? 0 : Math.floor(useNow() / POLL_MS);
  const first = useFetch<Page>(path, tick);
  if (first.error) return <Refused error={first.error} />;
  if (!first.value) return <Loading what="the audit" />;
  const pages = [first.value, ...further];
  const entries = pages.flatMap((page) => page.entries);
  const cursor = pages.at(-1)?.cursor;
  const more = async (from: string) => {
    const join = path.includes("?") ? "&" : "?";
    const page = await get<Page>(`${path}${join}cursor=${encodeURIComponent(from)}`);
    setFurther([...further, page]);
  };
  if (entries.length === 0 && cursor === undefined) return <Nothing />;
  return (
    <>
      <Entries entries={entries} />
      {cursor !== undefined && (
        <div class="panel-foot">
          <button type="button" onClick={() => void more(cursor).catch(sayRefused)}>
            Show more
          </button>
        </div>
      )}
    </>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <table class="cards lines">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Queue</th>
          <th scope="col">How many</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry, index) => (
          <EntryRow key={`${entry.at} ${index}`} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function EntryRow({ entry }: { entry: AuditEntry }) {
  const { at, who, queue, name } = entry;
  return (
    <tr>
      <th scope="row">
        <bdi>{who}</bdi>
      </th>
      <td data-label="When">
        <When at={at} as="both" />
      </td>
      <td data-label="What">
        {actWords(entry)}
        {name !== undefined && (
          <>
            {" "}
            <bdi>{name}</bdi>
          </>
        )}
      </td>
      <td data-label="Queue">
        {queue === undefined ? "–" : <a href={pathOf({ page: "queue", queue })}>{queue}</a>}
      </td>
      <td data-label="How many" class="number">
        {countWords(entry)}
      </td>
      <td data-label="Outcome">{outcomeWords(entry)}</td>
    </tr>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <p>Nobody has done anything of the kind within ninety days.</p>
    </div>
  );
}
