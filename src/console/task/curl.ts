// A call of the API as a line for a shell.

export interface CurlCall {
  url: string;
  body: unknown;
  /** Whether the API wants a token, which the line then takes from the environment. */
  hasToken: boolean;
}

export function curlOf({ url, body, hasToken }: CurlCall): string {
  const lines = [
    `curl ${quoted(url)}`,
    `-H ${quoted("Content-Type: application/json")}`,
    // In double quotes, so that the shell puts the token in.
    ...(hasToken ? ['-H "Authorization: Bearer $TASKQUEUE_TOKEN"'] : []),
    `--data-raw ${quoted(JSON.stringify(body))}`,
  ];
  return lines.join(" \\\n  ");
}

/** One word for sh, whatever is in it: nothing is special between single quotes but their end. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
