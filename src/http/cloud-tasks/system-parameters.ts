// The query parameters that every method of Google's APIs has. Those that say how to answer are honoured:
// `alt` and `fields`, also with a `$` in front, and `fields` as the header X-Goog-FieldMask. Others (`prettyPrint`, `quotaUser`, `uploadType`, `$.xgafv`)
// change nothing here, and `key` and `access_token` are the door's.
import { type Selection, selectionOf } from "../../core/cloud-tasks/responses.ts";
import { invalidArgument } from "../../core/cloud-tasks/status.ts";
import { formatValue } from "../../core/errors.ts";

export interface SystemParameters {
  enumsAsNumbers: boolean;
  /** The part of the answer that is asked for; absent for all of it. */
  selection: Selection | undefined;
}

const ALT = /^(json(;enum-encoding=(int|string))?)?$/i;

/** Of a request whose path is without its version, its verb a segment. */
export function systemParametersOf(request: Request): SystemParameters {
  const { searchParams, pathname } = new URL(request.url);
  const alts = ["$alt", "alt"].flatMap((name) => searchParams.getAll(name));
  const unknown = alts.find((alt) => !ALT.test(alt));
  if (unknown !== undefined) {
    throw invalidArgument(`alt: found ${formatValue(unknown)}, expected json.`);
  }
  const fields =
    searchParams.get("fields") ??
    searchParams.get("$fields") ??
    request.headers.get("X-Goog-FieldMask") ??
    "";
  return {
    enumsAsNumbers: alts.some((alt) => alt.toLowerCase().endsWith("=int")),
    selection: fields.trim() === "" ? undefined : selectionOf(fields, request.method, pathname),
  };
}
