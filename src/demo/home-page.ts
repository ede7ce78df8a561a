// The demo's home page: what to try, as lines to paste into a shell.

import { MASTERS } from "./masters.ts";

interface Experiment {
  what: string;
  curl: string;
}

const MASTER = "/_ah/api/queues/master/tasks";
const SUB = "/_ah/api/queues/sub";

function experiments(origin: string): Experiment[] {
  const count = `curl -d from=1 -d to=100 -d parts=10 '${origin}${MASTER}?name=count&countdown=10'`;
  return [
    { what: "In ten seconds, count to 100 in ten subtasks.", curl: count },
    {
      what: "The same name again: <b>TASK_ALREADY_EXISTS</b> while the task lives, <b>TOMBSTONED_TASK</b> once it has run.",
      curl: count,
    },
    { what: "Watch: state, rate, tokens, tasks.", curl: `curl '${origin}${SUB}'` },
    {
      what: "Once the ten seconds are over, follow the master's subtasks: it is done when the last one is, and one task more logs the whole list.",
      curl: `curl -N '${origin}/_ah/api/groups/master-count/events'`,
    },
    {
      what: "Stop queue sub and count on: its tasks wait.",
      curl: `curl -X POST '${origin}${SUB}:pause'`,
    },
    { what: "Let it run again.", curl: `curl -X POST '${origin}${SUB}:resume'` },
    {
      what: "Count 30 seconds long with a deadline of 15: cut off half way, says how far it came, and runs again (at full speed, so that you see it finish).",
      curl: `curl -d from=1 -d to=30 -d pauseMs=1000 '${origin}${SUB}/tasks?name=slow&dispatchDeadline=15'`,
    },
    {
      what: "Each minute a recurring task of <a href='/_ah/api/cron'>cron.yaml</a> logs how much was done. Run it now:",
      curl: `curl -X POST '${origin}/_ah/api/cron/tally:run'`,
    },
    {
      what: "Call a handler from outside: <b>403</b>, it does not run.",
      curl: `curl -d from=1 -d to=10 -H 'X-AppEngine-QueueName: sub' '${origin}/_ah/queue/sub'`,
    },
  ];
}

export function homePage(origin: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A counter on task queues</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
  pre { padding: .6rem .8rem; border-radius: .4rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent) }
  li { margin-top: 1rem }
  progress { width: 100% }
  .dots { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
</style>
<h1>A counter on task queues</h1>
<p>A task on queue <b>master</b> cuts a range of numbers into intervals and puts a named subtask for each on
queue <b>sub</b>, which counts it; the master waits for them, and one task more puts their numbers together. The server's log
shows them all.</p>
<p>Watch it in the <a href="/_ah/console">console</a>: every queue, task and attempt, live.</p>
<h2>Masters and their subtasks</h2>
<div id="masters" aria-live="polite">None yet: paste the first line below into a shell.</div>
<h2>What to try</h2>
<ol>
${experiments(origin).map(itemOf).join("\n")}
</ol>
<p>As JSON: <a href="/_ah/api/queues">all queues, with their statistics</a>. Tasks: <a href="${MASTER}">master</a>,
<a href="${SUB}/tasks">sub</a>, <a href="${SUB}/tasks?state=failed">failed ones of sub</a>.
Once deployed, the API wants the token: <code>-H 'Authorization: Bearer …'</code>.</p>
<script type="module">${MASTERS}</script>
</html>
`;
}

function itemOf({ what, curl }: Experiment): string {
  return `<li>${what}<pre>${curl.replaceAll("&", "&amp;")}</pre>`;
}
