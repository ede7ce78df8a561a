// The alerts of all queues: which are on, what was sent, and sending a test.
import { useState } from "preact/hooks";
import type { AlertTest, ListedAlert } from "../../core/alerts/alert-view.ts";
import { mayWrite } from "../access.ts";
import { post, queuePath } from "../api.ts";
import { Icon } from "../format/icon.tsx";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { pathOf } from "../route.ts";
import { Loading, Refused } from "../shell/loading.tsx";
import { acting } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";
import { inOrder, pendingWords, testWords } from "./words.ts";

const POLL_MS = 2000;

export function AlertsPage() {
  const tick = Math.floor(useNow() / POLL_MS);
  const { value, error } = useFetch<{ alerts: ListedAlert[] }>("/alerts", tick);
  if (error) return <Refused error={error} />;
  if (!value) return <Loading what="the alerts" />;
  return (
    <>
      <h1>Alerts</h1>
      <section class="panel" aria-label="Alerts of all queues">
        {value.alerts.length === 0 ? <NoAlerts /> : <List alerts={inOrder(value.alerts)} />}
      </section>
    </>
  );
}

function List({ alerts }: { alerts: readonly ListedAlert[] }) {
  return (
    <table class="cards lines">
      <thead>
        <tr>
          <th scope="col">Alert</th>
          <th scope="col">State</th>
          <th scope="col">Queue</th>
          <th scope="col">Sent to</th>
          <th scope="col">Last sent</th>
          {mayWrite() && (
            <th scope="col">
              <span class="hidden">What can be done</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <AlertRow key={`${alert.queue} ${alert.name}`} alert={alert} />
        ))}
      </tbody>
    </table>
  );
}

function AlertRow({ alert }: { alert: ListedAlert }) {
  const { queue, name, when, to, state, since, lastSent } = alert;
  const pending = pendingWords(alert);
  return (
    <tr data-row="">
      <th scope="row" class="entry-name">
        <b>{name}</b>
        <div class="muted">{when}</div>
        {pending !== undefined && (
          <div class="problem problem-bad">
            <Icon name="bad" />
            {pending}
          </div>
        )}
      </th>
      <td data-label="State">
        <span class={`state state-${state === "begun" ? "failed" : "active"}`}>
          <Icon name={state === "begun" ? "bad" : "done"} />
          {state === "begun" ? "on" : "quiet"}
        </span>
        {since !== undefined && (
          <span class="muted">
            {" since "}
            <When at={since} as="both" />
          </span>
        )}
      </td>
      <td data-label="Queue">
        <a href={pathOf({ page: "queue", queue })}>{queue}</a>
      </td>
      <td data-label="Sent to">{to}</td>
      <td data-label="Last sent">
        {lastSent ? (
          <>
            {lastSent.event} <When at={lastSent.at} as="relative" />
          </>
        ) : (
          "–"
        )}
      </td>
      {mayWrite() && (
        <td class="reason">
          <TestButton alert={alert} />
        </td>
      )}
    </tr>
  );
}

function TestButton({ alert: { queue, name } }: { alert: ListedAlert }) {
  const [isSending, setSending] = useState(false);
  const path = `${queuePath(queue)}/alerts/${encodeURIComponent(name)}:test`;
  const send = async () => {
    setSending(true);
    await acting(async () => testWords(await post<AlertTest>(path)));
    setSending(false);
  };
  return (
    <button
      type="button"
      disabled={isSending}
      aria-label={`Send a test of ${name} of ${queue}`}
      onClick={send}
    >
      Send a test
    </button>
  );
}

function NoAlerts() {
  return (
    <div class="empty">
      <p>
        No queue has alerts. <code>extensions.alerts</code> of a queue in queue.yaml says when
        something is sent.
      </p>
    </div>
  );
}
