// What a value of a file has to be: one definition for the check of it, for its type and for the JSON Schema that
// editors read. No more than the two files need, so that a Worker carries little of it.

/** What is wrong, and where; the message is the second half of "found X, expected ...". */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Keys that the mapping at the path must not have. */
  readonly unknownKeys?: readonly string[];
}

/**
 * One rule over a value that is of the right kind, though what is in it may be faulty: so all faults are reported.
 * It sees what was found before it.
 */
export type Rule<T = never> = (value: T, before: readonly Issue[]) => readonly Issue[];

export interface Shape<T = unknown> {
  /** Whether the value is of the kind at all; of another one nothing more is said. */
  isKind(value: unknown): boolean;
  readonly expected: string;
  readonly rules: readonly Rule[];
  /** The same as JSON Schema, as far as that can say it. */
  readonly json: object;
  readonly isOptional?: true;
  /** For the compiler alone: what a value without faults is. */
  readonly type?: T;
}

/** A key that may be missing. */
export interface Optional<T> extends Shape<T | undefined> {
  readonly isOptional: true;
}

export type TypeOf<S> = S extends Shape<infer T> ? T : never;

export function issuesOf(shape: Shape, value: unknown): Issue[] {
  if (shape.isOptional && value === undefined) return [];
  if (!shape.isKind(value)) return [{ path: [], message: shape.expected }];
  const issues: Issue[] = [];
  for (const rule of shape.rules) issues.push(...rule(value as never, issues));
  return issues;
}

/** The shape with a rule more. */
export function ruled<S extends Shape>(shape: S, rule: Rule<NonNullable<TypeOf<S>>>): S {
  return { ...shape, rules: [...shape.rules, rule] };
}

/** The rule that something is so; `path` is where it is told. */
export function must<T>(
  isSo: (value: T) => boolean,
  message: string,
  path: readonly PropertyKey[] = [],
): Rule<T> {
  return (value) => (isSo(value) ? [] : [{ path, message }]);
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { ...shape, isOptional: true };
}

/** The shape with more in its JSON Schema. */
export function noted<S extends Shape>(shape: S, json: object): S {
  return { ...shape, json: { ...shape.json, ...json } };
}

/** What must not be there. */
export function absent(expected: string): Optional<undefined> {
  return { ...kind<undefined>(() => false, expected, { not: {} }), isOptional: true };
}

export function string(expected: string): Shape<string> {
  return kind((it) => typeof it === "string", expected, { type: "string" });
}

/** JSON has no others than finite ones. */
export function number(expected: string): Shape<number> {
  return kind(Number.isFinite, expected, { type: "number" });
}

export function boolean(expected: string): Shape<boolean> {
  return kind((it) => typeof it === "boolean", expected, { type: "boolean" });
}

export function literal<const T extends string | number>(value: T): Shape<T> {
  return kind((it) => it === value, `${value}`, { type: typeof value, const: value });
}

/** Any mapping. */
export function record(expected: string): Shape<Record<string, unknown>> {
  const json = {
    type: "object",
    propertyNames: { type: "string" },
    additionalProperties: {},
  };
  return kind(isMapping, expected, json);
}

/** A mapping of any keys that pass, each to a value of one shape. */
export function mapOf<T>(
  value: Shape<T>,
  isFit: (key: string) => boolean,
  expectedKey: string,
): Shape<Record<string, T>> {
  const json = { type: "object", additionalProperties: value.json };
  const ofValues: Rule<Record<string, unknown>> = (map) =>
    Object.entries(map).flatMap(([key, it]) => under(key, issuesOf(value, it)));
  const ofKeys: Rule<object> = (map) => {
    const unknownKeys = Object.keys(map).filter((key) => !isFit(key));
    return unknownKeys.length > 0 ? [{ path: [], message: expectedKey, unknownKeys }] : [];
  };
  return { ...kind(isMapping, "a mapping", json), rules: [ofValues, ofKeys] };
}

export function list<T>(item: Shape<T>, expected: string): Shape<T[]> {
  return {
    ...kind<T[]>(Array.isArray, expected, { type: "array", items: item.json }),
    rules: [(values: T[]) => values.flatMap((it, index) => under(index, issuesOf(item, it)))],
  };
}

/** One of two kinds; of a value that is neither no more is said than what was expected. */
export function either<A, B>(one: Shape<A>, other: Shape<B>, expected: string): Shape<A | B> {
  const of = (value: unknown) => (one.isKind(value) ? one : other);
  return {
    ...kind<A | B>((it) => of(it).isKind(it), expected, { anyOf: [one.json, other.json] }),
    rules: [(value: unknown) => issuesOf(of(value), value)],
  };
}

type Keys = Readonly<Record<string, Shape>>;

type MappingOf<K extends Keys> = {
  [Key in keyof K as K[Key] extends Optional<unknown> ? never : Key]: TypeOf<K[Key]>;
} & {
  [Key in keyof K as K[Key] extends Optional<unknown> ? Key : never]?: TypeOf<K[Key]>;
};

/** A mapping of exactly these keys; `known` is what is expected in place of another one. */
export function mappingOf<const K extends Keys>(
  keys: K,
  expected: string,
  known: string,
): Shape<MappingOf<K>> {
  const required = Object.keys(keys).filter((key) => !keys[key]?.isOptional);
  const json = {
    type: "object",
    properties: Object.fromEntries(Object.entries(keys).map(([key, { json }]) => [key, json])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  const ofKeys: Rule<Record<string, unknown>> = (value) =>
    Object.entries(keys).flatMap(([key, shape]) => under(key, issuesOf(shape, value[key])));
  const ofOthers: Rule<object> = (value) => {
    const unknownKeys = Object.keys(value).filter((key) => !Object.hasOwn(keys, key));
    return unknownKeys.length > 0 ? [{ path: [], message: known, unknownKeys }] : [];
  };
  return { ...kind(isMapping, expected, json), rules: [ofKeys, ofOthers] };
}

export function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kind<T>(isKind: (value: unknown) => boolean, expected: string, json: object): Shape<T> {
  return { isKind, expected, rules: [], json };
}

function under(key: PropertyKey, issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }));
}
