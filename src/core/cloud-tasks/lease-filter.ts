// Which tasks of a pull queue are to be leased: `tag=x`, or `tag_function=oldest_tag()`.
import type { LeaseRequest } from "../task/lease.ts";
import { invalidArgument } from "./status.ts";

const BY_TAG = /^tag\s*=\s*(?:"([^"]+)"|([^\s"]+))$/;
const BY_OLDEST = /^tag_function\s*=\s*oldest_tag\(\)$/;

export function tagOf(filter = ""): Pick<LeaseRequest, "tag" | "oldestTag"> {
  const text = filter.trim();
  if (text === "") return {};
  if (BY_OLDEST.test(text)) return { oldestTag: true };
  const [, quoted, plain] = BY_TAG.exec(text) ?? [];
  const tag = quoted ?? plain;
  if (tag !== undefined) return { tag };
  throw invalidArgument(
    `Invalid filter: found '${filter}', expected 'tag=<tag>' or 'tag_function=oldest_tag()'.`,
  );
}
