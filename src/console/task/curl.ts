// Formats an API call as a curl command line.

export interface CurlCall {
  url: string;
  body: unknown;
  /** Whether the API requires a token; the command reads it from the environment. */
  hasToken: boolean;
}

export function curlOf({ url, body, hasToken }: CurlCall): string {
  const lines = [
    `curl ${quoted(url)}`,
    `-H ${quoted("Content-Type: application/json")}`,
    // Double quotes, so that the shell expands the variable.
    ...(hasToken ? ['-H "Authorization: Bearer $TASKQUEUE_TOKEN"'] : []),
    `--data-raw ${quoted(JSON.stringify(body))}`,
  ];
  return lines.join(" \\\n  ");
}

/** Quotes for sh: within single quotes only the closing quote is special. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
