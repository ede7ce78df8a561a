import { describe, expect, it } from "vitest";
import { withoutReservedHeaders } from "../../src/http/doors.ts";

function request(init: RequestInit = {}): Request {
  const headers = {
    ...{ "X-AppEngine-QueueName": "evil" },
    ...{ "Content-Type": "text/plain", "X-Own": "1" },
  };
  const cf = { country: "NZ" } as unknown as RequestInitCfProperties;
  return new Request("http://127.0.0.1/mine?x=1", { method: "POST", headers, cf, ...init });
}

const copy = withoutReservedHeaders;

describe("a request without reserved headers", () => {
  it("keeps its url, headers, cf and body", async () => {
    const copied = copy(request({ body: "text" }));
    expect(copied.url).toBe("http://127.0.0.1/mine?x=1");
    expect(copied.headers.get("X-Own")).toBe("1");
    expect(copied.headers.get("Content-Type")).toBe("text/plain");
    expect(copied.cf).toMatchObject({ country: "NZ" });
    expect(await copied.text()).toBe("text");
  });

  it("aborts when the one that came does", async () => {
    const caller = new AbortController();
    const copied = copy(request({ signal: caller.signal }));
    expect(copied.signal.aborted).toBe(false);
    caller.abort();
    expect(copied.signal.aborted).toBe(true);
  });

  it("streams its body: what has been sent is there before the rest", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const copied = copy(request({ body: readable }));
    const writer = writable.getWriter();
    const written = writer.write(new TextEncoder().encode("first"));
    const reader = (copied.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("first");
    await written;
    await reader.cancel();
  });

  it("without a body has none", async () => {
    expect(copy(request()).body).toBeNull();
  });
});
