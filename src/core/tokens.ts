// The tokens of the setting TASKQUEUE_TOKENS: who somebody is by what they show, what they may do, and with which queues.

/** Each may what those before it may. */
export const ROLES = ["read", "operate", "admin"] as const;

export type Role = (typeof ROLES)[number];

export interface NamedToken {
  name: string;
  secret: string;
  role: Role;
  /** Names of queues, or their beginnings with a `*`; absent: all. */
  queues?: readonly string[];
}

/** Whether this role may what that one may. */
export function mayDo(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether these names and beginnings of names have the queue. */
export function hasQueue(queues: readonly string[] | undefined, name: string): boolean {
  return !queues || queues.some((it) => isOf(it, name));
}

function isOf(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The tokens of a setting that has no fault; none of one that has. */
export function tokensIn(setting: unknown): readonly NamedToken[] {
  const read = readTokens(setting);
  return "tokens" in read ? read.tokens : [];
}

/**
 * What is wrong with the setting, for the start, or undefined. No secret is in it. `others`: secrets of other settings,
 * which none may be again.
 */
export function tokensFault(
  setting: unknown,
  others: readonly (string | undefined)[] = [],
): string | undefined {
  const read = readTokens(setting);
  if ("fault" in read) return `${SETTING}${read.fault}`;
  const again = read.tokens.findIndex(({ secret }) => others.includes(secret));
  if (again < 0) return undefined;
  return `${SETTING}[${again}].secret: found the one of TASKQUEUE_TOKEN or TASKQUEUE_READ_TOKEN, expected another`;
}

const SETTING = "TASKQUEUE_TOKENS";
const FORM = `a JSON list of {"name", "secret", "role", "queues"?}`;
const FIELDS = ["name", "secret", "role", "queues"];
/** Who acts without a token is called so. */
const TAKEN = ["loopback", "worker", "deploy"];

type Read = { tokens: readonly NamedToken[] } | { fault: string };

// wrangler takes lists as variables too, which need no text.
function readTokens(setting: unknown): Read {
  if (setting === undefined || setting === "") return { tokens: [] };
  const list = typeof setting === "string" ? parsed(setting) : setting;
  if (!Array.isArray(list)) return { fault: `: found ${kindOf(setting, list)}, expected ${FORM}` };
  const fault = list.map((one, i) => faultOf(one, `[${i}]`)).find((found) => found) ?? twice(list);
  return fault ? { fault } : { tokens: list };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function kindOf(setting: unknown, value: unknown): string {
  if (value === undefined && typeof setting === "string") return "a text that is no JSON";
  return value === null ? "null" : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

function faultOf(given: unknown, at: string): string | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return `${at}: found ${kindOf(undefined, given)}, expected an object of ${FIELDS.join(", ")}`;
  }
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return `${at}: found "${unknown}", expected ${FIELDS.join(", ")}`;
  const { name, secret, role, queues } = given as Partial<Record<string, unknown>>;
  return (
    nameFault(name, at) ?? secretFault(secret, at) ?? roleFault(role, at) ?? queuesFault(queues, at)
  );
}

function nameFault(name: unknown, at: string): string | undefined {
  const isName =
    typeof name === "string" && /^[\w.@+-]{1,100}$/.test(name) && !TAKEN.includes(name);
  if (isName) return undefined;
  const expected = `1 to 100 letters, digits, and . _ @ + -, and none of ${TAKEN.join(", ")}`;
  return `${at}.name: found ${JSON.stringify(name)}, expected ${expected}`;
}

// As it has to come through a header, and a query.
function secretFault(secret: unknown, at: string): string | undefined {
  if (typeof secret === "string" && /^[\x21-\x7e]+$/.test(secret)) return undefined;
  const found = typeof secret === "string" ? "a text" : kindOf(undefined, secret);
  return `${at}.secret: found ${found}, expected a text without spaces, of ASCII alone`;
}

function roleFault(role: unknown, at: string): string | undefined {
  if (ROLES.some((it) => it === role)) return undefined;
  return `${at}.role: found ${JSON.stringify(role)}, expected ${ROLES.join(", ")}`;
}

function queuesFault(queues: unknown, at: string): string | undefined {
  if (queues === undefined) return undefined;
  const expected = 'names of queues, or their beginnings with a * ("orders-*")';
  if (!Array.isArray(queues) || queues.length === 0) {
    return `${at}.queues: found ${JSON.stringify(queues)}, expected ${expected}`;
  }
  const bad = queues.find((it) => typeof it !== "string" || !/^[\w/-]*\*?$/.test(it) || it === "");
  if (bad === undefined) return undefined;
  return `${at}.queues: found ${JSON.stringify(bad)}, expected ${expected}`;
}

// A name may be there twice, which is how its secret is changed; who shows a secret has to be one.
function twice(list: readonly NamedToken[]): string | undefined {
  const secrets = list.map(({ secret }) => secret);
  const again = secrets.findIndex((secret, i) => secrets.indexOf(secret) < i);
  if (again < 0) return undefined;
  const first = secrets.indexOf(secrets[again] as string);
  return `[${again}].secret: found the one of [${first}], expected another`;
}
