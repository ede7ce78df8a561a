// A commit: what it restores, and what a fault after it must not undo.
import { describe, expect, it } from "vitest";
import { Commit } from "../../src/objects/commit.ts";

/** A commit over a transaction that may fail, with one participant and a list of what was heard. */
function commitOver() {
  const heard: string[] = [];
  const memory = { value: 0 };
  const commit = new Commit({ sql: { transaction: (work) => work() }, now: () => 7 });
  commit.join({
    save: () => memory.value,
    restore: (value) => {
      memory.value = value;
    },
  });
  return { commit, heard, memory };
}

describe("a commit", () => {
  it("whose work throws restores memory, and calls nothing that was to follow it", () => {
    const { commit, heard, memory } = commitOver();
    commit.onCommit(() => heard.push("listener"));
    const failing = () => {
      memory.value = 1;
      commit.after(() => heard.push("effect"));
      throw new Error("full");
    };
    expect(() => commit.run(failing)).toThrow("full");
    expect([memory.value, heard]).toEqual([0, []]);
    commit.run(() => {});
    expect(heard).toEqual(["listener"]);
  });

  it("stays made though an effect throws, and the others are called", () => {
    const { commit, heard, memory } = commitOver();
    const work = () => {
      memory.value = 1;
      commit.after(() => {
        throw new Error("effect");
      });
      commit.after(() => heard.push("second"));
      return "made";
    };
    expect(commit.run(work)).toBe("made");
    expect([memory.value, heard]).toEqual([1, ["second"]]);
  });

  it("calls its listeners though one of them throws, and again after the next commit", () => {
    const { commit, heard } = commitOver();
    commit.onCommit(() => {
      throw new Error("listener");
    });
    commit.onCommit((now) => heard.push(`at ${now}`));
    commit.run(() => {});
    commit.run(() => {});
    expect(heard).toEqual(["at 7", "at 7"]);
  });

  it("of a listener does not start the list again", () => {
    const { commit, heard } = commitOver();
    commit.onCommit(() => {
      heard.push("listener");
      commit.run(() => heard.push("its own"));
    });
    commit.run(() => {});
    expect(heard).toEqual(["listener", "its own"]);
  });
});
