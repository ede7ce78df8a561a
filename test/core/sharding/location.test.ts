// Where queues' objects are to be made: what queue.yaml may say of it, and which object is meant.
import { describe, expect, it } from "vitest";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { LOCATIONS, locationOf } from "../../../src/core/sharding/location.ts";

const yaml = (extensions: string) =>
  parseQueueYaml(`queue: [{name: q, rate: 1/s, extensions: ${extensions}}]`).queues.get("q");

describe("extensions.location", () => {
  it.each(LOCATIONS)("may be %s, for every object of the queue", (location) => {
    const queue = yaml(`{location: ${location}, shards: 3}`);
    expect([0, 1, 2].map((shard) => locationOf(queue, shard))).toEqual([
      ...[location, location, location],
    ]);
  });

  it("may be a list, with one for each shard", () => {
    const queue = yaml("{location: [weur, enam], shards: 2}");
    expect([0, 1].map((shard) => locationOf(queue, shard))).toEqual(["weur", "enam"]);
    expect(locationOf(yaml("{location: [me]}"), 0)).toBe("me");
  });

  it("is not there by default", () => {
    expect(locationOf(yaml("{shards: 2}"), 1)).toBeUndefined();
    expect(locationOf(undefined, 0)).toBeUndefined();
  });

  it.each([
    ["{location: mars}", /extensions\.location: found "mars", expected one of wnam, /],
    ["{location: 5}", /extensions\.location: found 5, expected one of wnam, .*, or a list/],
    ["{location: [weur, mars], shards: 2}", /location\[1\]: found "mars", expected one of/],
    ["{location: [weur], shards: 2}", /location: .*expected as many as there are shards, 2/],
    ["{location: [weur, enam]}", /location: .*expected as many as there are shards, 1/],
    ["{location: []}", /location: .*expected as many as there are shards, 1/],
  ])("is refused where it is none: %s", (extensions, message) => {
    expect(() => yaml(extensions)).toThrow(message);
  });

  it("is the same in an entry over the API", () => {
    const entry = { name: "q", rate: "1/s", extensions: { location: ["weur"], shards: 2 } };
    expect(parseQueueEntry(entry).failure?.message).toContain("as many as there are shards, 2");
    const pull = { name: "q", mode: "pull", extensions: { location: "oc" } };
    expect(parseQueueEntry(pull).ok).toMatchObject({ location: "oc" });
  });
});
