// What the suite and the process that disturbs say to each other.
import type { Fact } from "./verdict.ts";

export type Order =
  | { do: "meet"; port: number; isShort: boolean }
  | { do: "prepare" | "slice" | "control" | "facts"; name: string }
  | { do: "end" }
  | { do: "restarted"; port: number };

export type Report =
  | { targets: Record<string, string> }
  | { done: true; facts?: Fact[] }
  | { failed: string }
  | { restart: true };
