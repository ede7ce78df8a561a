// Whether an object that was a line has the fields it should, each of its kind.
import { invalid, type Refusal, refuse } from "../errors.ts";

export type Fields = Record<string, unknown>;
export type Check = (value: unknown) => boolean;

/** Of a date. */
const LATEST = 8.64e15;

export const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
export const isTime: Check = (value) =>
  isNumber(value) && Number(value) >= 0 && Number(value) < LATEST;
export const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
export const isText: Check = (value) => typeof value === "string";
export const isTrue: Check = (value) => value === true;
export const isObject: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with the fields there are. */
export function refusalOf(
  at: string,
  given: Fields,
  checks: Record<string, Check>,
): Refusal | undefined {
  const fault = faultIn(given, checks);
  if (fault === undefined) return undefined;
  return invalid(`${at}${fault}`, given[fault], "as an export has it");
}

export function faultIn(given: Fields, checks: Record<string, Check>): string | undefined {
  return Object.keys(given).find(
    (name) => !Object.hasOwn(checks, name) || !checks[name]?.(given[name]),
  );
}

export function missing(
  given: Fields,
  fields: object,
  optional: readonly string[],
): Refusal | undefined {
  const lost = Object.keys(fields).find((it) => !optional.includes(it) && given[it] === undefined);
  return lost === undefined ? undefined : refuse("INVALID_REQUEST", `${lost}: missing`);
}
