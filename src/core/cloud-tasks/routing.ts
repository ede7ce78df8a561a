// App Engine routing: service, version and instance. A target, as queues and tasks have it, is a service or
// `version.service`; parts that it cannot say are kept beside it.
import { formatValue } from "../errors.ts";
import type { AppEngineRouting } from "../task/task.ts";
import type { Routing } from "./resources.ts";
import { invalidArgument } from "./status.ts";

const SERVICE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const VERSION = /^[a-z0-9][a-z0-9-]{0,99}$/;
/** What a version or an instance may be that no target can say. */
const PART = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const DEFAULT_SERVICE = "default";

/** A routing as it is kept: `routing` only where the target does not say it all. */
export interface KeptRouting {
  target?: string;
  routing?: AppEngineRouting;
}

/** Checks a routing that a caller gave; `field` is what Google calls it. */
export function keptRouting(given: Routing = {}, field: string): KeptRouting {
  const parts = partsOf(given);
  checkPart(`${field}.service`, parts.service, SERVICE, "lower-case letters, digits and hyphens");
  checkPart(`${field}.version`, parts.version, PART, PART_FORM);
  checkPart(`${field}.instance`, parts.instance, PART, PART_FORM);
  if (Object.keys(parts).length === 0) return {};
  const target = targetOf(parts);
  return isSame(partsIn(target), parts) ? { target } : { target, routing: parts };
}

const PART_FORM = "letters, digits, hyphens, underscores and dots";

function checkPart(field: string, value: string | undefined, form: RegExp, words: string): void {
  if (value === undefined || form.test(value)) return;
  throw invalidArgument(`${field}: found ${formatValue(value)}, expected ${words}.`);
}

// The empty text is what a part has that is not set; `host` is output only.
function partsOf({ service, version, instance }: Routing): AppEngineRouting {
  return {
    ...(service && { service }),
    ...(version && { version }),
    ...(instance && { instance }),
  };
}

function targetOf({ service = DEFAULT_SERVICE, version = "" }: AppEngineRouting): string {
  return VERSION.test(version) ? `${version}.${service}` : service;
}

/** The parts of a target as it was given elsewhere: `[[instance.]version.]service`. */
function partsIn(target: string): AppEngineRouting {
  const [service = "", version = "", instance = ""] = target.split(".").reverse();
  return partsOf({ service, version, instance });
}

function isSame(a: AppEngineRouting, b: AppEngineRouting): boolean {
  return a.service === b.service && a.version === b.version && a.instance === b.instance;
}

/**
 * The routing as Google shows it, with the host that App Engine would have for it in `project`. Parts that are
 * kept beside a target count only as long as it is still theirs.
 */
export function shownRouting({ target, routing }: KeptRouting, project: string): Routing {
  const isTheirs = routing !== undefined && targetOf(routing) === target;
  const { service, version, instance } = isTheirs ? routing : partsIn(target ?? "");
  const parts = [instance, version, service].filter((part) => part !== undefined);
  const host = [...parts, `${project}.appspot.com`].join("-dot-");
  return { ...partsOf({ service, version, instance } as Routing), host };
}
