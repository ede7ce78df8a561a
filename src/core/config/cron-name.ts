// App Engine's entries have no names, and here each needs one: `extensions.name`, or else what its description
// or its url makes.

/** An entry's name: 1 to 100 letters, digits, hyphens and underscores. */
export const CRON_NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** Undefined for an entry that is not fit to be named. */
export function cronName(entry: Record<string, unknown>): string | undefined {
  const { extensions, description, url } = entry;
  const { name } = Object(extensions) as { name?: unknown };
  if (name !== undefined) return typeof name === "string" ? name : undefined;
  return slug(description) ?? slug(url);
}

/** "Daily summary job" -> "daily-summary-job" */
function slug(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 100) || undefined;
}
