import { describe, expect, it } from "vitest";
import {
  hostRefusal,
  hostRulesFault,
  parseHostRules,
} from "../../../src/core/egress/host-rules.ts";

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
    "http://168.63.129.17/",
    "http://198.20.0.1/",
    "http://126.255.255.255/",
    "http://128.0.0.1/",
    "http://134744072/",
    "http://0x08080808/",
    "http://010.8.8.8/",
    "http://[2000::1]/",
    "http://[3ffe::1]/",
    "http://[3fff:1000::1]/",
    "https://xn--bcher-kva.example.com/",
    "https://bücher.example.com/",
    "https://127.0.0.1.example.com/",
    "https://example.com/@127.0.0.1",
    "https://example.com/?u=http://localhost",
    "https://svc.example.com/",
    "https://local.example/",
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
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.65530/",
    "http://127.255.255.254/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://127%2e0%2e0%2e1/",
    "http://0x0a000001/",
    "http://012.0.0.1/",
    "http://167772161/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://025177524776/",
    "http://169.254.43518/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::ffff:0:169.254.169.254]/",
    "http://[::169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://240.0.0.1/",
    "http://239.255.255.250/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://[febf::1]/",
    "http://[fdff:ffff::1]/",
    "http://[2001:2::1]/",
    "http://[2001:10::1]/",
    "http://[2001:20::1]/",
    "http://[3fff::1]/",
    "http://[3fff:fff::1]/",
    "http://[4000::1]/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://loc%61lhost/",
    "http://local\u00adhost/",
    "http://localhost.localdomain/",
    "http://ip6-localhost/",
    "http://host.docker.internal/",
    "http://instance-data.ec2.internal/",
    "http://kubernetes.default.svc/",
    "http://kubernetes.default.svc.cluster.local/",
    "http://db.private/",
    "http://nas.home/",
    "http://wiki.corp/",
    "http://wiki.intranet/",
    "http://METADATA.Google.Internal/",
    "http:\\\\127.0.0.1\\x",
    "http:127.0.0.1/",
    "http:///127.0.0.1/",
    "http://\t127.0.0.1/",
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

describe("names that lead inside", () => {
  const refused = [
    ...["web.test", "a.b.test", "xyz.onion", "x.i2p", "pay.alt", "redis.service.consul"],
    ...["app.flycast", "db.vpc", "x.nomad", "api.docker", "x.kube", "a.cluster", "pc.workgroup"],
    ...["localhost6.localdomain6", "box.intra", "x.localnet", "my.router", "pc.dhcp"],
    ...["ipv4only.arpa", "1.0.0.10.in-addr.arpa", "x.service.arpa", "resolver.arpa"],
    ...["localtest.me", "a.localtest.me", "lvh.me", "x.lvh.me", "vcap.me", "lacolhost.com"],
    ...["127.0.0.1.nip.io", "10-0-0-1.nip.io", "app.10.0.0.1.nip.io", "7f000001.nip.io", "nip.io"],
    ...["192-168-1-1.sslip.io", "a--1.sslip.io", "a.169.254.169.254.xip.io", "10.0.0.1.xip.name"],
    ...["a-10-0-0-1.traefik.me", "192-168-1-250.abc.plex.direct", "7f000001.c0a80001.rbndr.us"],
    ...["make-127.0.0.1-rr.1u.ms", "metadata.goog", "metadata.tencentyun.com", "fritz.box"],
    ...["metadata.packet.net", "api.metadata.cloud.ibm.com", "pc.mshome.net", "local.gd"],
  ];
  it.each(refused)("%s is refused in any spelling, unless it is allowed", (host) => {
    for (const spelt of [host, `${host}.`, host.toUpperCase(), `${host}:8080`]) {
      expect(refusal(`http://${spelt}/`)).toContain("is private or loopback");
    }
    expect(refusal(`https://${host}/`, host)).toBeUndefined();
  });

  it.each([
    ...["test.com", "test.example.com", "nip.io.example.com", "snip.io", "notlvh.me", "goog.com"],
    ...["metadata.google", "onion.example.com", "consul.io", "www.consul.io", "test-flycast.com"],
    ...["arpa.example", "fritz.box.example.com", "docker.com", "router.example.org", "home.dev"],
  ])("%s is not one of them", (host) => {
    expect(refusal(`https://${host}/`)).toBeUndefined();
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
    ["http://example.com@127.0.0.1/", "it carries a user name or password"],
    ["http://127.0.0.1:80@example.com/", "it carries a user name or password"],
    ["http://example.com%40x@127.0.0.1/", "it carries a user name or password"],
    ["gopher://127.0.0.1:6379/_x", 'its scheme is "gopher", expected http or https'],
    ["data:text/plain,x", 'its scheme is "data", expected http or https'],
    ["javascript:alert(1)", 'its scheme is "javascript", expected http or https'],
    ["blob:https://example.com/x", 'its scheme is "blob", expected http or https'],
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
    ["127.1", "http://127.0.0.1/"],
    ["localhost.", "http://localhost/"],
    ["[0:0:0:0:0:0:0:1]:99", "http://[::1]:99/"],
    ["*.svc.internal:8080", "http://a.svc.internal:8080/"],
    ["[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]/"],
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
    ["*.svc.internal:8080", "http://a.svc.internal/"],
    ["127.0.0.1", "http://127.0.0.2/"],
    ["127.0.0.1", "http://[::ffff:127.0.0.1]/"],
    ["[::1]:99", "http://[::1]/"],
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
    ["!Example.com.", "https://example.com/"],
    ["!bücher.example", "https://xn--bcher-kva.example/"],
    ["!134744072", "https://8.8.8.8/"],
    ["!*.example.com:8443", "https://a.example.com:8443/"],
    ["localhost, !localhost:22", "http://localhost:22/"],
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

describe("a setting that cannot be read", () => {
  it.each([
    ["https://example.com", "https://example.com"],
    ["a.example, b.example/path", "b.example/path"],
    ["user@example.com", "user@example.com"],
    ["*", "*"],
    ["a.*.com", "a.*.com"],
    ["!", "!"],
    ["!*example.com", "!*example.com"],
    ["::1", "::1"],
    ["a b", "a b"],
    ["example.com:port", "example.com:port"],
  ])("(%s) allows nothing, public hosts neither, and says which entry it is", (setting, bad) => {
    expect(refusal("https://example.com/", setting)).toBe(
      `TASKQUEUE_ALLOW_HOSTS: found "${bad}", expected host, host:port or *.domain, with ! in front to refuse it`,
    );
  });
});

describe("an entry that cannot mean what it was written for is told at the start", () => {
  const COMMAS = "entries are separated by commas";
  const PATH = "a host stands without a path, and a network cannot be named";
  const STAR = "the * stands for all in front of a domain's name";
  const PORT = "a port is a number from 1 to 65535, and an IPv6 address stands in brackets";
  it.each([
    ["a.example b.example", "a.example b.example", COMMAS],
    ["a.example;b.example", "a.example;b.example", COMMAS],
    ["a.example\nb.example", "a.example\nb.example", COMMAS],
    ["a.example|b.example", "a.example|b.example", COMMAS],
    ["localhost, a.example b.example", "a.example b.example", COMMAS],
    ["http://x", "http://x", "a host stands without its scheme"],
    ["!https://x.example/", "!https://x.example/", "a host stands without its scheme"],
    ["localhost/", "localhost/", PATH],
    ["10.0.0.0/8", "10.0.0.0/8", PATH],
    ["x?y", "x?y", PATH],
    ["me@x.example", "me@x.example", "a host stands without a user"],
    ["*", "*", STAR],
    ["a.*.example", "a.*.example", STAR],
    ["*example.com", "*example.com", STAR],
    ["10.0.0.*", "10.0.0.*", STAR],
    ["*.10.0.0.1", "*.10.0.0.1", STAR],
    ["*.*.example", "*.*.example", STAR],
    ["localhost:0", "localhost:0", PORT],
    ["localhost:65536", "localhost:65536", PORT],
    ["localhost:", "localhost:", PORT],
    ["localhost:http", "localhost:http", PORT],
    ["::1", "::1", PORT],
    ["*.[::1]", "*.[::1]", STAR],
    ["a..example", "a..example", undefined],
    [".example", ".example", undefined],
    ["-a.example", "-a.example", undefined],
    ["!!a.example", "!!a.example", undefined],
    ["'localhost'", "'localhost'", undefined],
    ["a,!", "!", undefined],
    ["999.1.1.1", "999.1.1.1", undefined],
  ])("(%s)", (setting, entry, hint) => {
    const form = "expected host, host:port or *.domain, with ! in front to refuse it";
    const said = `TASKQUEUE_ALLOW_HOSTS: found ${JSON.stringify(entry)}, ${form}`;
    expect(hostRulesFault(setting)).toBe(hint ? `${said}; ${hint}` : said);
    // Where it came to run all the same, nothing is sent anywhere by its url.
    for (const url of ["https://example.com/", "http://localhost/", "http://a.example/"]) {
      expect(refusal(url, setting)).toBe(said);
    }
  });

  it.each([
    undefined,
    "",
    " , ",
    "localhost,",
    "LOCALHOST:08787",
    "bücher.example:443",
    "*.BÜCHER.example",
    "!*, api.example.com:65535",
    "a_b.internal, [::1]:1, 127.0.0.1, 10.0.0.7:8080, example.com.",
    "a--b.example,xn--bcher-kva.example",
    "localhost\n, backend\r\n",
  ])("(%s) is good", (setting) => {
    expect(hostRulesFault(setting)).toBeUndefined();
  });

  it("takes a port with zeros in front for the port", () => {
    expect(refusal("http://localhost:8787/", "LOCALHOST:08787")).toBeUndefined();
  });
});
