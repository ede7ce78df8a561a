// The pages the console is made of: the shell its script draws on, and the one to sign in by. Whatever is not
// ours is escaped.
import type { Role } from "../../core/tokens.ts";

/** What the shell says to the script: what may be done, and whether there is a session to end. */
export interface Shell {
  access: Role;
  /** The token's. */
  name: string;
  hasSession: boolean;
}

/** The page the console is drawn on; `assets` are the paths of its script and style. */
export function consolePage(
  assets: readonly string[],
  { access, name, hasSession }: Shell,
): string {
  return pageOf(
    assets,
    `<body data-access="${access}" data-name="${escaped(name)}" data-login="${hasSession ? "yes" : "no"}">
<div id="app"></div>
<noscript>The console needs JavaScript; the API under /_ah/api does not.</noscript>
</body>`,
  );
}

/** Where to send the form, where to go from there, and what was wrong with the token before. */
export interface LoginForm {
  action: string;
  then: string;
  problem?: string;
}

/** The page that asks for the token. */
export function loginPage(assets: readonly string[], { action, then, problem }: LoginForm): string {
  const error = problem ? `\n<p id="error" role="alert">${escaped(problem)}</p>` : "";
  const described = problem ? `aria-invalid="true" aria-describedby="error hint"` : HINTED;
  return pageOf(
    stylesOf(assets),
    `<body class="login">
<main>
<h1>Task queues</h1>
<form method="post" action="${escaped(action)}">
<input type="hidden" name="then" value="${escaped(then)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus ${described}>${error}
<p id="hint">The secret <code>TASKQUEUE_TOKEN</code>, or one of <code>TASKQUEUE_TOKENS</code>; <code>TASKQUEUE_READ_TOKEN</code> may look and change nothing.</p>
<button type="submit">Sign in</button>
</form>
</main>
</body>`,
  );
}

const HINTED = `aria-describedby="hint"`;

/** The page for who cannot come in by any token. */
export function refusedPage(assets: readonly string[], reason: string): string {
  return pageOf(
    stylesOf(assets),
    `<body class="login">
<main>
<h1>Task queues</h1>
<p role="alert">${escaped(reason)}</p>
</main>
</body>`,
  );
}

function pageOf(assets: readonly string[], body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Task queues</title>
<link rel="icon" href="${ICON}">
${assets.map(tagOf).join("\n")}
</head>
${body}
</html>
`;
}

// Three tasks in a row; in the page itself, for the Worker may have an icon of its own.
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#5b76e0"><path d="M2 3h12v2.5H2zM2 7h9v2.5H2zM2 11h6v2.5H2z"/></svg>',
)}`;

function stylesOf(assets: readonly string[]): string[] {
  return assets.filter((path) => path.endsWith(".css"));
}

function tagOf(path: string): string {
  return path.endsWith(".css")
    ? `<link rel="stylesheet" href="${path}">`
    : `<script type="module" src="${path}"></script>`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}
