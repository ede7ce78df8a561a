// Was everything counted, and once? Reads the demo's log lines and sorts what should be in them.

/** Each of the things expected: seen once, never, or more often; and what nobody expected. */
export interface Tally {
  ok: string[];
  lost: string[];
  doubled: string[];
  strange: string[];
}

/** A subtask's line in the log: `sub count-1-10 counted 1 2 3 4 5 6 7 8 9 10`. */
export interface Count {
  subtask: string;
  numbers: string[];
}

export function countsIn(lines: readonly string[]): Count[] {
  return lines.flatMap((line) => {
    const [, subtask, numbers] = /^sub (\S+) counted ([-\d ]+)$/.exec(line) ?? [];
    return subtask && numbers ? [{ subtask, numbers: numbers.split(" ") }] : [];
  });
}

export function tally(expected: readonly string[], found: readonly string[]): Tally {
  const times = new Map<string, number>();
  for (const one of found) times.set(one, (times.get(one) ?? 0) + 1);
  const seen = (one: string) => times.get(one) ?? 0;
  const known = new Set(expected);
  return {
    ok: expected.filter((one) => seen(one) === 1),
    lost: expected.filter((one) => seen(one) === 0),
    doubled: expected.filter((one) => seen(one) > 1),
    strange: [...times.keys()].filter((one) => !known.has(one)),
  };
}

/** What is wrong, in a line; nothing when nothing is. */
export function complaint(what: string, { lost, doubled, strange }: Tally): string | undefined {
  const parts = Object.entries({ lost, doubled, strange })
    .filter(([, ones]) => ones.length > 0)
    .map(([kind, ones]) => `${kind} ${ones.length} (${ones.slice(0, 10).join(", ")})`);
  return parts.length === 0 ? undefined : `${what}: ${parts.join(", ")}`;
}
