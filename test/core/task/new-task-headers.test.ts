import { describe, expect, it } from "vitest";
import { acceptHeaders } from "../../../src/core/task/new-task-headers.ts";

describe("headers are accepted", () => {
  it.each<[name: string, given: object, pairs: [string, string][]]>([
    ["as given", { "X-A": "1" }, [["X-A", "1"]]],
    ["empty", { "X-A": "" }, [["X-A", ""]]],
    [
      "a list",
      { "X-A": ["1", "2"] },
      [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    ],
    ["an empty list", { "X-A": [] }, []],
    [
      "in two spellings",
      { "X-A": "1", "x-b": "2", "x-a": "3" },
      [
        ["X-A", "1"],
        ["x-a", "3"],
        ["x-b", "2"],
      ],
    ],
    [
      "in two spellings, lists",
      { "x-a": ["1"], "X-A": ["2", "3"] },
      [
        ["x-a", "1"],
        ["X-A", "2"],
        ["X-A", "3"],
      ],
    ],
    [
      "the same type twice",
      { "Content-Type": "a/b", "content-type": "a/b" },
      [["Content-Type", "a/b"]],
    ],
    ["the same type, spaced", { "Content-Type": ["a/b", " a/b "] }, [["Content-Type", "a/b"]]],
    [
      "cookies",
      { Cookie: ["a=1", "b=2"], cookie: "c=3" },
      [
        ["Cookie", "a=1"],
        ["Cookie", "b=2"],
        ["cookie", "c=3"],
      ],
    ],
    ["of every token character", { "!#$%&'*+-.^_`|~0aZ": "1" }, [["!#$%&'*+-.^_`|~0aZ", "1"]]],
    [
      "called as a property is",
      { constructor: "1", toString: "2" },
      [
        ["constructor", "1"],
        ["toString", "2"],
      ],
    ],
    ["a host", { Host: "x" }, [["Host", "x"]]],
    ["reserved", { "X-AppEngine-QueueName": "x" }, [["X-AppEngine-QueueName", "x"]]],
    [
      "near those of a connection",
      { "X-TE": "1", "Upgrade-Insecure-Requests": "1", Trailers: "1" },
      [
        ["X-TE", "1"],
        ["Upgrade-Insecure-Requests", "1"],
        ["Trailers", "1"],
      ],
    ],
  ])("%s", (_, given, pairs) => {
    expect(acceptHeaders(given)).toEqual({ ok: pairs });
  });
});

describe("headers are refused", () => {
  const CONNECTION = "none: it belongs to a connection, and the queue makes its own";
  const ONE = "one value, in whatever case the name is written";

  it.each<[given: object, message: string]>([
    ...[
      ...["Connection", "keep-alive", "Proxy-Authorization", "proxy-connection", "TE", "Trailer"],
      ...["Transfer-Encoding", "upgrade", "EXPECT", "HTTP2-Settings", "Proxy-Anything"],
    ].map(
      (name): [object, string] =>
        [...[{ [name]: "x" }, `headers.${name}: found "x", expected ${CONNECTION}`]] as [
          object,
          string,
        ],
    ),
    [{ Connection: "" }, `headers.Connection: found "", expected ${CONNECTION}`],
    [
      { "Content-Type": ["a/b", "c/d"] },
      `headers.Content-Type: found ["a/b","c/d"], expected ${ONE}`,
    ],
    [
      { "content-type": "a/b", "Content-Type": "c/d" },
      `headers.content-type: found ["a/b","c/d"], expected ${ONE}`,
    ],
    [
      { "Content-Type": "a/b", "CONTENT-TYPE": "" },
      `headers.Content-Type: found ["a/b",""], expected ${ONE}`,
    ],
    [
      { Authorization: ["Bearer a", "Bearer b"] },
      `headers.Authorization: found ["Bearer a","Bearer b"], expected ${ONE}`,
    ],
    [
      { Range: ["bytes=0-1", "bytes=2-3"] },
      `headers.Range: found ["bytes=0-1","bytes=2-3"], expected ${ONE}`,
    ],
    [
      { "X-A": 1 },
      "headers.X-A: found 1, expected a header name, and a value of printable Latin-1",
    ],
    [
      { "X-A": null },
      "headers.X-A: found null, expected a header name, and a value of printable Latin-1",
    ],
    [
      { "X-A": [["1"]] },
      'headers.X-A: found ["1"], expected a header name, and a value of printable Latin-1',
    ],
    [
      { "X A": "1" },
      'headers.X A: found "1", expected a header name, and a value of printable Latin-1',
    ],
    [{ "": "1" }, 'headers.: found "1", expected a header name, and a value of printable Latin-1'],
    [
      { "X-A": "1\r\nX-B: 2" },
      'headers.X-A: found "1\\r\\nX-B: 2", expected a header name, and a value of printable Latin-1',
    ],
  ])("%j", (given, message) => {
    expect(acceptHeaders(given).failure).toMatchObject({ code: "INVALID_REQUEST", message });
  });
});
