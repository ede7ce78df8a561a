import { describe, expect, it } from "vitest";
import { actWords, countWords, outcomeWords } from "../../src/console/audit/words.ts";
import { ACTS } from "../../src/core/audit.ts";

describe("an act in words", () => {
  it.each(ACTS)("%s has some", (what) => {
    expect(actWords({ what, acts: 1 })).toMatch(/^[a-z ]+$/);
    expect(actWords({ what, acts: 3 })).toMatch(/, 3 times$/);
  });

  it.each([
    ["purge", 1200, "1,200 tasks"],
    ["delete", 1, "1 task"],
    ["redrive", 0, "0 tasks"],
    ["pause", 0, "–"],
  ] as const)("%s of %i", (what, count, words) => {
    expect(countWords({ what, count })).toBe(words);
  });

  it.each([
    ["done", undefined, "done"],
    ["done", "UNKNOWN_TASK", "done; one was refused: UNKNOWN_TASK"],
    ["refused", "UNKNOWN_TASK", "refused: UNKNOWN_TASK"],
    ["unknown", undefined, "not known: it goes on, or its process ended"],
  ] as const)("%s, %s", (outcome, error, words) => {
    expect(outcomeWords(error === undefined ? { outcome } : { outcome, error })).toBe(words);
  });
});
