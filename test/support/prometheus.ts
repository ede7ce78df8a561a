// Prometheus and promtool: those of the machine, else Debian's package.
import { join } from "node:path";
import { runs, unpacked } from "./debian.ts";

export interface Prometheus {
  prometheus: string;
  promtool: string;
}

/** Undefined where there is none and none is to be had. */
export function findPrometheus(): Prometheus | undefined {
  if (isThere("promtool")) return { prometheus: "prometheus", promtool: "promtool" };
  const root = unpacked("prometheus", ["prometheus"]);
  if (root === undefined) return undefined;
  const bin = join(root, "usr/bin");
  const found = { prometheus: join(bin, "prometheus"), promtool: join(bin, "promtool") };
  return isThere(found.promtool) ? found : undefined;
}

function isThere(promtool: string): boolean {
  return runs(promtool, ["--version"]);
}
