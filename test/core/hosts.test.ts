import { describe, expect, it } from "vitest";
import { hostRefusal, parseHostRules } from "../../src/core/hosts.ts";

function refusal(url: string, setting?: string): string | undefined {
  return hostRefusal(new URL(url), parseHostRules(setting));
}

describe("without a setting", () => {
  it.each([
    "https://example.com/",
    "http://example.com:8080/x?y=1",
    "https://sub.example.co.uk/",
    "https://example.com./",
    "https://8.8.8.8/",
    "http://172.15.255.255/",
    "http://172.32.0.1/",
    "http://100.63.255.255/",
    "http://100.128.0.1/",
    "http://192.167.1.1/",
    "http://11.0.0.1/",
    "http://223.255.255.255/",
    "https://[2606:4700::1111]/",
    "https://[2001:4860:4860::8888]/",
    "https://localhost.example.com/",
    "https://internal.example.com/",
  ])("%s may be called", (url) => {
    expect(refusal(url)).toBeUndefined();
  });

  it.each([
    "http://127.0.0.1/",
    "http://127.1.2.3:8080/",
    "http://127.0.0.1./",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://①②⑦.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.127.255.255/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.0.0.8/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.9/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fd00::1]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001::1]/",
    "http://[2001:db8::1]/",
    "http://[2002:7f00:1::]/",
    "http://localhost/",
    "http://LOCALHOST:8787/",
    "http://localhost./",
    "http://localhost../",
    "http://foo.localhost/",
    "http://foo.localhost./",
    "http://metadata.google.internal/",
    "http://metadata.google.internal./",
    "http://printer.local/",
    "http://router.lan/",
    "http://nas.home.arpa/",
    "http://intranet/",
    "http://intranet./",
    "http://metadata/",
  ])("%s is private and says how to allow it", (url) => {
    const { host } = new URL(url);
    expect(refusal(url)).toBe(
      `the host ${host} is private or loopback; add it to TASKQUEUE_ALLOW_HOSTS to allow it`,
    );
  });
});

describe("whatever the setting", () => {
  const all = "example.com, files.example.com";

  it.each([
    ["ftp://files.example.com/x", 'its scheme is "ftp", expected http or https'],
    ["file:///etc/passwd", 'its scheme is "file", expected http or https'],
    ["ws://example.com/", 'its scheme is "ws", expected http or https'],
    ["https://user@example.com/", "it carries a user name or password"],
    ["https://user:secret@example.com/", "it carries a user name or password"],
    ["https://:secret@example.com/", "it carries a user name or password"],
  ])("%s may not be called: %s", (url, why) => {
    expect(refusal(url, all)).toBe(why);
  });
});

describe("the allow-list", () => {
  it.each([
    ["localhost", "http://localhost/"],
    ["localhost", "http://localhost:8787/"],
    ["localhost", "http://LOCALHOST./"],
    ["LocalHost", "http://localhost/"],
    ["127.0.0.1", "http://127.0.0.1:99/"],
    ["127.0.0.1", "http://2130706433/"],
    ["[::1]", "http://[::1]:8787/"],
    ["localhost:8787", "http://localhost:8787/"],
    ["localhost:80", "http://localhost/"],
    ["localhost:443", "https://localhost/"],
    ["*.svc.internal", "http://a.svc.internal/"],
    ["*.svc.internal", "http://a.b.svc.internal:8080/"],
    ["backend", "http://backend/"],
    [" a.example , ,backend ", "http://backend/"],
  ])("%s allows %s", (setting, url) => {
    expect(refusal(url, setting)).toBeUndefined();
  });

  it.each([
    ["localhost:8787", "http://localhost:8788/"],
    ["localhost:8787", "http://localhost/"],
    ["localhost:80", "https://localhost/"],
    ["*.localhost", "http://localhost/"],
    ["*.svc.internal", "http://svc.internal/"],
    ["*.svc.internal", "http://evilsvc.internal/"],
    ["backend", "http://backend.internal/"],
    ["a.internal", "http://b.a.internal/"],
    ["", "http://localhost/"],
  ])("%s does not allow %s", (setting, url) => {
    expect(refusal(url, setting)).toContain("is private or loopback");
  });
});

describe("the refuse-list", () => {
  it.each([
    ["!example.com", "https://example.com/"],
    ["!example.com", "https://EXAMPLE.com.:8443/"],
    ["!example.com:8443", "https://example.com:8443/"],
    ["!*.example.com", "https://a.example.com/"],
    ["example.com, !example.com", "https://example.com/"],
    ["!*, *.example.com, !a.example.com", "https://a.example.com/"],
  ])("%s refuses %s", (setting, url) => {
    expect(refusal(url, setting)).toBe(
      `TASKQUEUE_ALLOW_HOSTS refuses the host ${new URL(url).host}`,
    );
  });

  it.each([
    ["!example.com", "https://a.example.com/"],
    ["!example.com:8443", "https://example.com/"],
    ["!*.example.com", "https://example.com/"],
    ["!*.example.com", "https://evilexample.com/"],
  ])("%s does not refuse %s", (setting, url) => {
    expect(refusal(url, setting)).toBeUndefined();
  });

  it.each([
    ["!*", "https://example.com/"],
    ["!*", "http://localhost/"],
    ["!*, *.example.com", "https://example.com/"],
    ["*.example.com, !*", "https://evilexample.com/"],
  ])("%s refuses %s as not listed", (setting, url) => {
    expect(refusal(url, setting)).toBe(
      `TASKQUEUE_ALLOW_HOSTS does not list the host ${new URL(url).host}`,
    );
  });

  it.each([
    ["!*, *.example.com", "https://a.example.com/"],
    ["!*, localhost:8787", "http://localhost:8787/"],
  ])("%s leaves %s allowed", (setting, url) => {
    expect(refusal(url, setting)).toBeUndefined();
  });
});
