// Resolves targets. A target is a service or `version.service`; one that is not listed is the Worker itself,
// as App Engine routes unknown services to the default one.

/**
 * Services (or `version.service`) -> the name of a service binding or of a named entrypoint, or an origin
 * such as https://app.example.com. The service `default` is that of tasks without a target.
 */
export type Targets = Readonly<Record<string, string>>;

/** The destination of a target. */
export type Destination =
  | { kind: "own" }
  | { kind: "bound"; name: string }
  | { kind: "origin"; origin: string }
  | { kind: "unknown"; why: string };

/** The service of tasks that name none. */
const DEFAULT = "default";
const NAME = /^[A-Za-z_$][\w$]*$/;

/** `given` by code, with those of the setting TASKQUEUE_TARGETS (`service=place`, comma list) in front. */
export function parseTargets(setting: string | undefined, given: Targets = {}): Targets {
  const entries = (setting ?? "").split(",").map((entry) => entry.trim());
  const set = entries.filter(Boolean).map((entry) => {
    const [service = "", ...destination] = entry.split("=");
    return [service.trim(), destination.join("=").trim()];
  });
  return { ...given, ...Object.fromEntries(set) };
}

const OWN: Destination = { kind: "own" };

/** Resolves a target: looked up as a whole first, then by its service. */
export function destinationOf(target: string = DEFAULT, targets: Targets): Destination {
  const isWhole = Object.hasOwn(targets, target);
  if (target === DEFAULT && !isWhole) return OWN;
  const service = isWhole ? target : target.slice(target.lastIndexOf(".") + 1);
  if (!Object.hasOwn(targets, service)) return OWN;
  const destination = targets[service] as string;
  if (NAME.test(destination)) return { kind: "bound", name: destination };
  const origin = originOf(destination);
  if (origin !== undefined) return { kind: "origin", origin };
  const expected = "the name of a service binding or an entrypoint, or an origin";
  return {
    kind: "unknown",
    why: `target "${service}": found "${destination}", expected ${expected}`,
  };
}

function originOf(destination: string): string | undefined {
  if (!/^https?:\/\//i.test(destination) || !URL.canParse(destination)) return undefined;
  const { origin, href } = new URL(destination);
  return href === `${origin}/` ? origin : undefined;
}
