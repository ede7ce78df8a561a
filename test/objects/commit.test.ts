// A commit: what it restores, and what a fault after it must not undo.
import { describe, expect, it } from "vitest";
import { Commit, type Written } from "../../src/objects/commit.ts";
import { afterTurn } from "../../src/objects/event-loop.ts";

/** A commit over a transaction that may fail, with one participant and a list of what was heard. */
function commitOver(nextTurn: (work: () => void) => void = afterTurn) {
  const heard: string[] = [];
  const memory = { value: 0 };
  const clock = { now: 7 };
  const commit = new Commit({
    sql: { transaction: (work) => work() },
    now: () => clock.now,
    nextTurn,
  });
  commit.join({
    save: () => memory.value,
    restore: (value) => {
      memory.value = value;
    },
  });
  return { commit, heard, memory, clock };
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

  it("of an idle object waits for no others; those that come soon after share one", async () => {
    const { commit, heard, clock } = commitOver();
    commit.onCommit(() => heard.push("committed"));
    const put = (what: string) =>
      commit.enqueue(
        () => heard.push(what),
        () => {},
      );
    put("a");
    put("b");
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual(["a", "b", "committed"]);
    clock.now += 3;
    put("c");
    await Promise.resolve();
    put("d");
    expect(heard).toHaveLength(3);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard.slice(3)).toEqual(["c", "d", "committed"]);
    clock.now += 4;
    put("e");
    await Promise.resolve();
    expect(heard.slice(6)).toEqual(["e", "committed"]);
  });

  it("waits for others on an idle object, too, where they are sure to come", async () => {
    const { commit, heard, clock } = commitOver();
    commit.onCommit(() => heard.push("committed"));
    const put = (what: string) =>
      commit.enqueueWithOthers(
        () => heard.push(what),
        () => {},
      );
    clock.now += 100;
    put("a");
    await Promise.resolve();
    put("b");
    expect(heard).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard).toEqual(["a", "b", "committed"]);
    put("c");
    commit.flush();
    expect(heard.slice(3)).toEqual(["c", "committed"]);
  });

  it("that a caller waits for is made in the next turn, with what would have waited for more", () => {
    const turns: (() => void)[] = [];
    const { commit, heard } = commitOver((work) => turns.push(work));
    commit.run(() => {});
    const result = (what: string) => () => heard.push(what);
    commit.enqueue(result("a"), () => {});
    commit.enqueue(result("b"), () => {});
    expect(turns).toHaveLength(0);
    const add = (given: readonly string[]) => given.map((what) => heard.push(what));
    commit.gather(add, "c", () => {});
    commit.gather(add, "d", () => {});
    expect([turns.length, heard]).toEqual([1, []]);
    turns[0]?.();
    expect(heard).toEqual(["a", "b", "c", "d"]);
  });

  it("of an idle object fails for whoever's work throws, and for nobody else", async () => {
    const { commit, heard } = commitOver();
    const settled = (written: Written<unknown>) => heard.push("error" in written ? "no" : "yes");
    const fail = () => {
      throw new Error("full");
    };
    commit.enqueue(() => 1, settled);
    commit.enqueue(fail, settled);
    await Promise.resolve();
    expect(heard).toEqual(["yes", "no"]);
  });

  it("gives what comes one behind the other to its work together, and each its own answer", async () => {
    const { commit, heard } = commitOver();
    const doubled = (given: readonly number[]) => {
      heard.push(`together: ${given}`);
      return given.map((n) => 2 * n);
    };
    const settled = (written: Written<unknown>) => heard.push(JSON.stringify(written));
    commit.gather(doubled, 1, settled);
    commit.gather(doubled, 2, settled);
    commit.enqueue(() => "between", settled);
    commit.gather(doubled, 3, settled);
    await Promise.resolve();
    const answers = [{ value: 2 }, { value: 4 }, { value: "between" }, { value: 6 }];
    const expected = ["together: 1,2", "together: 3", ...answers.map((one) => JSON.stringify(one))];
    expect(heard).toEqual(expected);
  });

  it("does each by itself where one fails the others", async () => {
    const { commit, heard } = commitOver();
    const halved = (given: readonly number[]) => {
      if (given.includes(3)) throw new Error("odd");
      return given.map((n) => n / 2);
    };
    const settled = (written: Written<unknown>) =>
      heard.push("error" in written ? "no" : String(written.value));
    for (const n of [2, 3, 4]) commit.gather(halved, n, settled);
    await Promise.resolve();
    expect(heard).toEqual(["1", "no", "2"]);
  });
});
