// What the home page runs: every second it looks for masters, and draws each with the subtasks of its group.

/** A subtask's letter in the row that shows them all. */
export const MASTERS = `
const API = "/_ah/api";
const LETTERS = { done: "\u25cf", failed: "\u2717", deleted: "\u2013" };
const place = document.getElementById("masters");

async function json(path) {
  const response = await fetch(API + path);
  return response.ok ? response.json() : undefined;
}

async function masters() {
  const live = (await json("/queues/master/tasks"))?.tasks ?? [];
  const failed = (await json("/queues/master/tasks?state=failed"))?.tasks ?? [];
  const ended = (await json("/queues/master/tombstones"))?.tombstones ?? [];
  return [...live, ...failed, ...ended].filter(({ waitsFor }) => waitsFor);
}

async function drawn({ name, state, waitsFor }) {
  const group = await json("/groups/" + waitsFor);
  if (!group) return;
  const { results = [] } = (await json("/groups/" + waitsFor + "/results?limit=1000")) ?? {};
  const dots = Array.from({ length: Math.min(group.total, 1000) }, () => "\u00b7");
  for (const { index, state } of results) if (index < dots.length) dots[index] = LETTERS[state];
  const { total, done, failed, deleted, running } = group;
  const item = document.createElement("section");
  const head = document.createElement("p");
  const bar = document.createElement("progress");
  const row = document.createElement("p");
  head.textContent = name + ": " + state + ", " + done + " of " + total + " done, " + running + " running, " + (failed + deleted) + " failed";
  Object.assign(bar, { max: Math.max(1, total), value: done + failed + deleted, ariaLabel: name });
  row.className = "dots";
  row.textContent = dots.join("");
  item.append(head, bar, row);
  return item;
}

async function look() {
  const items = await Promise.all((await masters()).map(drawn));
  const shown = items.filter(Boolean);
  if (shown.length > 0) place.replaceChildren(...shown);
}

for (;;) {
  if (!document.hidden) await look().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
`;
