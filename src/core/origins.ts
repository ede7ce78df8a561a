// Which pages elsewhere may use the API from a browser: the setting TASKQUEUE_ALLOW_ORIGINS, a comma list of origins
// as browsers send them, or `*`.

const ANY = "*";

/** Whether the setting lists this origin; `*` lists none by name. */
export function isListedOrigin(setting: string | undefined, origin: string | null): boolean {
  return origin !== null && entriesOf(setting).some((entry) => entry === origin && isOrigin(entry));
}

/** The origin, or `*`, whose pages may read an answer to this one; undefined where it may not. */
export function allowedOrigin(setting: string | undefined, origin: string): string | undefined {
  if (isListedOrigin(setting, origin)) return origin;
  const entries = entriesOf(setting);
  return entries.length === 1 && entries[0] === ANY ? ANY : undefined;
}

/**
 * For the start, which is not to begin with an entry that is meant and matches nothing: what is wrong with the
 * setting, or undefined.
 */
export function originsFault(setting: string | undefined): string | undefined {
  const entries = entriesOf(setting);
  const isAny = entries.length === 1 && entries[0] === ANY;
  const bad = isAny ? undefined : entries.find((entry) => !isOrigin(entry));
  if (bad === undefined) return undefined;
  const hint = HINTS.find(([pattern]) => pattern.test(bad))?.[1] ?? asSent(bad);
  const found = `TASKQUEUE_ALLOW_ORIGINS: found ${JSON.stringify(bad)}, expected ${FORM}`;
  return hint === undefined ? found : `${found}; ${hint}`;
}

const FORM = "origins such as https://app.example.com, or * alone";

const HINTS: readonly [RegExp, string][] = [
  [/^\*$/, "beside others it would be all"],
  [/\*/, "each origin is listed, there are no patterns"],
  [/^null$/, "pages of any site can have that origin"],
  [/[\s;|]/, "entries are separated by commas"],
  [/@/, "an origin has no user"],
  [/^[^:/]+(:\d+)?$/, "an origin begins with its scheme"],
];

function entriesOf(setting: string | undefined): string[] {
  const entries = (setting ?? "").split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "");
}

const HTTP = /^https?:/i;
/** Of browser extensions and of apps that bring a browser along. */
const OTHER = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:\d+)?$/;

function isOrigin(entry: string): boolean {
  if (!HTTP.test(entry)) return OTHER.test(entry);
  // The parser takes a * for a letter of a host.
  return !entry.includes("*") && URL.canParse(entry) && new URL(entry).origin === entry;
}

function asSent(entry: string): string | undefined {
  return HTTP.test(entry) && URL.canParse(entry)
    ? `browsers send ${new URL(entry).origin}`
    : undefined;
}
