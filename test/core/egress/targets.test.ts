import { describe, expect, it } from "vitest";
import { destinationOf, parseTargets } from "../../../src/core/egress/targets.ts";

const own = { kind: "own" };
const bound = (name: string) => ({ kind: "bound", name });
const origin = (it: string) => ({ kind: "origin", origin: it });

describe("a target", () => {
  it.each<[string, string | undefined, object]>([
    ["", "app", own],
    ["", undefined, own],
    ["app=APP", "app", bound("APP")],
    ["app=APP", "v1.app", bound("APP")],
    ["app=APP", "1.v1.app", bound("APP")],
    ["app=APP, v1.app=OLD", "v1.app", bound("OLD")],
    ["v1.app=OLD", "app", own],
    ["v1.app=OLD", "v2.app", own],
    ["app=APP", "other", own],
    ["app=APP", "default", own],
    ["default=APP", undefined, bound("APP")],
    ["default=APP", "default", bound("APP")],
    ["default=APP", "other", own],
    [" app = APP ,, other=$other_1 ", "other", bound("$other_1")],
    ["app=https://example.com", "app", origin("https://example.com")],
    ["app=HTTPS://Example.com:443/", "app", origin("https://example.com")],
    ["app=http://127.0.0.1:3000", "app", origin("http://127.0.0.1:3000")],
    ["app=http://[::1]:3000", "app", origin("http://[::1]:3000")],
    ["", "constructor", own],
    ["", "toString", own],
  ])("with %j, %j leads to %j", (setting, target, place) => {
    expect(destinationOf(target, parseTargets(setting))).toEqual(place);
  });

  it.each([
    ["app", ""],
    ["app=", ""],
    ["app=a-b", "a-b"],
    ["app=example.com", "example.com"],
    ["app=https://example.com/path", "https://example.com/path"],
    ["app=https://example.com?x=1", "https://example.com?x=1"],
    ["app=https://me@example.com", "https://me@example.com"],
    ["app=ws://example.com", "ws://example.com"],
    ["app=https://", "https://"],
  ])("with %j leads nowhere, and the words say what was found", (setting, found) => {
    expect(destinationOf("app", parseTargets(setting))).toEqual({
      kind: "unknown",
      why: `target "app": found "${found}", expected the name of a service binding or an entrypoint, or an origin`,
    });
  });
});

it("the setting goes before the code, name by name", () => {
  const targets = parseTargets("app=NEW", { app: "OLD", other: "OTHER" });
  expect([destinationOf("app", targets), destinationOf("other", targets)]).toEqual([
    bound("NEW"),
    bound("OTHER"),
  ]);
});
