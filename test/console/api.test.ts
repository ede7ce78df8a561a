// What the console's client makes of an answer.
import { afterEach, expect, it, vi } from "vitest";
import { ApiError, get } from "../../src/console/api.ts";

afterEach(() => vi.unstubAllGlobals());

it("an answer is its value, and a refusal an error with the API's message", async () => {
  answered(Response.json({ name: "a" }));
  expect(await get("/queues/a")).toEqual({ name: "a" });
  answered(Response.json({ error: { code: "UNKNOWN_QUEUE", message: "no a" } }, { status: 404 }));
  await expect(get("/queues/a")).rejects.toMatchObject({ status: 404, message: "no a" });
  answered(new Response("<p>Bad gateway", { status: 502 }));
  await expect(get("/queues/a")).rejects.toThrow("the server answered 502");
});

it("an answer that is cut off is no value", async () => {
  answered(new Response('{"name":'));
  const cut = await get("/queues/a").catch((error: unknown) => error);
  expect(cut).toBeInstanceOf(Error);
  expect(cut).not.toBeInstanceOf(ApiError);
});

it("a request that is given up while its answer comes has no value", async () => {
  const current = new AbortController();
  const body = new ReadableStream({
    start: (stream) => {
      stream.enqueue(new TextEncoder().encode('{"name":'));
      current.signal.addEventListener("abort", () => stream.error(current.signal.reason));
    },
  });
  answered(new Response(body));
  const value = get("/queues/a", current.signal);
  current.abort();
  await expect(value).rejects.toThrow("aborted");
});

function answered(response: Response): void {
  vi.stubGlobal("fetch", async () => response);
}
