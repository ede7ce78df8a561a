// The page the console is drawn on.

/** `assets`: the paths of its script and style; what it may do stands on the body. */
export function consolePage(assets: readonly string[], access: "read" | "write"): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Task queues</title>
${assets.map(tagOf).join("\n")}
</head>
<body data-access="${access}">
<div id="app"></div>
<noscript>The console needs JavaScript; the API under /_ah/api does not.</noscript>
</body>
</html>
`;
}

function tagOf(path: string): string {
  return path.endsWith(".css")
    ? `<link rel="stylesheet" href="${path}">`
    : `<script type="module" src="${path}"></script>`;
}
