import { beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../support/clock.ts";
import { freshStart, pass, queue } from "../support/time.ts";
import { handlers, received } from "../support/worker.ts";

beforeEach(freshStart);

describe("dispatch", () => {
  it("five tasks, four tokens: four run at once, the fifth after the refill", async () => {
    const startedAt: number[] = [];
    handlers.set("/_ah/queue/four-tokens", () => {
      startedAt.push((clock.now - START) / 1000);
      return new Response();
    });
    await queue("four-tokens").add([{}, {}, {}, {}, {}]);
    await pass("four-tokens", 0);
    expect(startedAt).toEqual([0, 0, 0, 0]);
    await pass("four-tokens", 0.999);
    expect(startedAt).toHaveLength(4);
    await pass("four-tokens", 5);
    expect(startedAt).toEqual([0, 0, 0, 0, 1]);
  });

  it("posts to /_ah/queue/<queue> with App Engine's headers", async () => {
    await queue("push").add({ name: "n1" });
    await pass("push", 1);
    expect(received).toHaveLength(1);
    const request = received[0] as Request;
    expect(new URL(request.url).pathname).toBe("/_ah/queue/push");
    expect(request.headers.get("X-AppEngine-TaskName")).toBe("n1");
    expect(request.headers.get("X-AppEngine-TaskETA")).toBe(`${START / 1000}.000000`);
  });
});
