import { describe, expect, it } from "vitest";
import { allowedOrigin, isListedOrigin, originsFault } from "../../src/core/origins.ts";

const APP = "https://app.example.com";

describe("an origin is allowed", () => {
  it.each<[setting: string | undefined, origin: string, allowed: string | undefined]>([
    [undefined, APP, undefined],
    ["", APP, undefined],
    [" , ", APP, undefined],
    [APP, APP, APP],
    [` https://other.example , ${APP} `, APP, APP],
    [APP, "https://app.example.com.evil.example", undefined],
    [APP, "https://evil.example/?https://app.example.com", undefined],
    [APP, "http://app.example.com", undefined],
    [APP, "https://app.example.com:8443", undefined],
    [APP, "https://sub.app.example.com", undefined],
    [APP, "HTTPS://APP.EXAMPLE.COM", undefined],
    [APP, "null", undefined],
    [APP, "", undefined],
    ["http://localhost:5173", "http://localhost:5173", "http://localhost:5173"],
    ["http://localhost:5173", "http://localhost:5174", undefined],
    ["http://[::1]:3000", "http://[::1]:3000", "http://[::1]:3000"],
    ["chrome-extension://abcdef", "chrome-extension://abcdef", "chrome-extension://abcdef"],
    ["*", APP, "*"],
    ["*", "null", "*"],
    [`*,${APP}`, "https://evil.example", undefined],
    ["null", "null", undefined],
    ["https://*.example.com", "https://*.example.com", undefined],
  ])("by %j: %j as %j", (setting, origin, allowed) => {
    expect(allowedOrigin(setting, origin)).toBe(allowed);
    expect(isListedOrigin(setting, origin)).toBe(allowed === origin);
  });
});

describe("a setting that cannot mean what it was written for", () => {
  it.each<[string, string, string]>([
    [
      "https://app.example.com/",
      "https://app.example.com/",
      "browsers send https://app.example.com",
    ],
    [
      "https://app.example.com/path",
      "https://app.example.com/path",
      "browsers send https://app.example.com",
    ],
    [
      "https://app.example.com:443",
      "https://app.example.com:443",
      "browsers send https://app.example.com",
    ],
    [
      "http://app.example.com:80",
      "http://app.example.com:80",
      "browsers send http://app.example.com",
    ],
    ["https://App.Example.com", "https://App.Example.com", "browsers send https://app.example.com"],
    [
      "https://bücher.example",
      "https://bücher.example",
      "browsers send https://xn--bcher-kva.example",
    ],
    ["https://me@app.example", "https://me@app.example", "an origin has no user"],
    ["app.example.com", "app.example.com", "an origin begins with its scheme"],
    ["localhost:5173", "localhost:5173", "an origin begins with its scheme"],
    ["https://*.example.com", "https://*.example.com", "there are no patterns"],
    ["*.example.com", "*.example.com", "there are no patterns"],
    [`*, ${APP}`, "*", "beside others it would be all"],
    [`${APP}, *`, "*", "beside others it would be all"],
    ["null", "null", "pages of any site"],
    [`${APP} https://b.example`, `${APP} https://b.example`, "separated by commas"],
    [`${APP};https://b.example`, `${APP};https://b.example`, "separated by commas"],
    ["https://", "https://", "expected origins such as"],
    ["https://a.example?x", "https://a.example?x", "browsers send https://a.example"],
  ])("%s", (setting, entry, hint) => {
    const fault = originsFault(setting);
    expect(fault).toContain(`TASKQUEUE_ALLOW_ORIGINS: found ${JSON.stringify(entry)}, expected`);
    expect(fault).toContain(hint);
  });

  it.each([
    undefined,
    "",
    " ",
    "*",
    " * ",
    APP,
    `${APP},http://localhost:3000,`,
    "capacitor://localhost",
  ])("is not %j", (setting) => {
    expect(originsFault(setting)).toBeUndefined();
  });
});
