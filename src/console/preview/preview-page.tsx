// Previews queue settings before they are put in queue.yaml. The settings are in the URL.
import { useMemo } from "preact/hooks";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { queuePath } from "../api.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { Payload } from "../format/payload.tsx";
import { useLiveQueue } from "../live/queues.ts";
import { setQuery, useQueryFields } from "../navigation.ts";
import { pathOf } from "../route.ts";
import { CopyButton } from "../shell/copy.tsx";
import { Loading, Refused } from "../shell/loading.tsx";
import { useFetch } from "../use-fetch.ts";
import { drainCurve } from "./drain-curve.ts";
import { DrainPanel } from "./drain-panel.tsx";
import { faultsOf } from "./knob-faults.ts";
import { KNOBS, type Knob, type Knobs, knobsOf, meaningOf } from "./knobs.ts";
import { queueYamlLines } from "./queue-yaml.ts";
import { previewRetries } from "./retries.ts";
import { RetriesPanel } from "./retries-panel.tsx";

export function PreviewPage({ name }: { name: string }) {
  const live = useLiveQueue(name);
  const asked = useFetch<QueueView>(queuePath(name));
  const queue = live ?? asked.value;
  const typed = useQueryFields();
  if (!queue)
    return asked.error ? <Refused error={asked.error} /> : <Loading what={`queue ${name}`} />;
  const now = knobsOf(queue);
  const knobs = Object.fromEntries(
    KNOBS.map((knob) => [knob, (typed[knob] ?? now[knob]).trim()]),
  ) as Knobs;
  return (
    <>
      <div class="page-head">
        <Crumbs above={[[name, pathOf({ page: "queue", queue: name })]]} here="Preview" />
        <p class="subtitle muted">Nothing here changes the queue: its knobs stand in queue.yaml.</p>
      </div>
      <Preview queue={queue} knobs={knobs} now={now} />
    </>
  );
}

function Preview({ queue, knobs, now }: { queue: QueueView; knobs: Knobs; now: Knobs }) {
  const faults = faultsOf(knobs);
  const isRight = Object.keys(faults).length === 0;
  const key = JSON.stringify(knobs);
  // The knobs object is new on every render.
  const shown = useMemo(() => {
    if (!isRight) return undefined;
    const meaning = meaningOf(knobs);
    return {
      retries: previewRetries(meaning.retry, meaning.runSeconds),
      drain: drainCurve(meaning),
      yaml: queueYamlLines(queue.name, knobs, queue),
    };
  }, [key, isRight]);
  const set = (knob: Knob, value: string) => {
    setQuery({ [knob]: value === now[knob] ? undefined : value });
  };
  return (
    <div class="preview">
      <form class="panel knobs" onSubmit={(event) => event.preventDefault()}>
        <fieldset>
          <legend>Rate</legend>
          {KNOBS.slice(0, 4).map((knob) => (
            <KnobField key={knob} {...{ knob, knobs, faults, now, set }} />
          ))}
        </fieldset>
        <fieldset>
          <legend>Retries</legend>
          {KNOBS.slice(4, 9).map((knob) => (
            <KnobField key={knob} {...{ knob, knobs, faults, now, set }} />
          ))}
        </fieldset>
        <fieldset>
          <legend>Suppose</legend>
          {KNOBS.slice(9).map((knob) => (
            <KnobField key={knob} {...{ knob, knobs, faults, now, set }} />
          ))}
        </fieldset>
      </form>
      {shown ? (
        <div class="previewed">
          <DrainPanel curve={shown.drain} knobs={knobs} />
          <RetriesPanel retries={shown.retries} />
          <section class="panel" aria-label="queue.yaml">
            <div class="panel-head">
              <h2>queue.yaml</h2>
              <CopyButton label="Copy" text={() => shown.yaml} />
            </div>
            <Payload text={shown.yaml} />
          </section>
        </div>
      ) : (
        <p class="empty">The knobs on the left say what is wrong with them.</p>
      )}
    </div>
  );
}

const WORDS: Partial<Record<Knob, string>> = {
  tasks: "tasks due at once",
  run_seconds: "seconds each runs",
};

interface KnobProps {
  knob: Knob;
  knobs: Knobs;
  faults: Partial<Knobs>;
  now: Knobs;
  set: (knob: Knob, value: string) => void;
}

function KnobField({ knob, knobs, faults, now, set }: KnobProps) {
  const fault = faults[knob];
  const isOther = knobs[knob] !== now[knob];
  return (
    <label class={`field knob ${isOther ? "changed" : ""}`}>
      <span>{WORDS[knob] ?? <code>{knob}</code>}</span>
      <input
        value={knobs[knob]}
        placeholder="none"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={fault !== undefined}
        onInput={(event) => set(knob, event.currentTarget.value)}
      />
      {fault && <small class="wrong">{fault}</small>}
      {!fault && isOther && <small>now {now[knob] || "none"}</small>}
    </label>
  );
}
