import { describe, expect, it } from "vitest";
import { hostRefusal, parseHostRules } from "../../src/core/hosts.ts";

function refusal(url: string, setting?: string): string | undefined {
  return hostRefusal(new URL(url), parseHostRules(setting));
}

describe("without a setting", () => {
  it.each([
    "https://example.com/x",
    "http://example.com:8080/",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://[2606:4700:4700::1111]/",
    "https://sub.domain.example/",
  ])("%s may be called", (url) => expect(refusal(url)).toBeUndefined());

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[2001:db8::1]/",
    "http://[2002:7f00:1::]/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://foo.localhost/",
    "http://printer/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "https://user:secret@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
  ])("%s may not", (url) => expect(refusal(url)).toBeTypeOf("string"));
});

describe("TASKQUEUE_ALLOW_HOSTS", () => {
  it.each([
    ["127.0.0.1:8080", "http://127.0.0.1:8080/x"],
    ["127.0.0.1", "http://127.0.0.1:9/"],
    ["Printer.Local , other", "http://printer.local/"],
    ["*.corp.internal", "http://api.corp.internal/"],
    ["example.com:443", "https://example.com/"],
    ["!*, example.com", "https://example.com/"],
  ])("%j lets %s through", (setting, url) => expect(refusal(url, setting)).toBeUndefined());

  it.each([
    ["127.0.0.1:8080", "http://127.0.0.1:8081/"],
    ["*.corp.internal", "http://corp.internal/"],
    ["*.corp.internal", "http://evilcorp.internal/"],
    ["!example.com", "https://example.com/"],
    ["!*.example.com", "https://a.example.com/"],
    ["example.com,!example.com", "https://example.com/"],
    ["!*", "https://example.com/"],
    ["!*,example.com", "https://example.org/"],
    ["127.0.0.1", "ftp://127.0.0.1/"],
  ])("%j keeps %s out", (setting, url) => expect(refusal(url, setting)).toBeTypeOf("string"));

  it("says which host, and what would allow it", () => {
    expect(refusal("http://10.0.0.1:81/")).toContain("10.0.0.1:81");
    expect(refusal("http://10.0.0.1/")).toContain("TASKQUEUE_ALLOW_HOSTS");
  });
});
