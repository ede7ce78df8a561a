// How many random histories a test goes through: few in the whole suite, with `HISTORIES=4` four times as many.
import { env } from "cloudflare:workers";

const TIMES = Number((env as { HISTORIES?: string }).HISTORIES ?? 1);

export function histories(few: number): number {
  return few * TIMES;
}
