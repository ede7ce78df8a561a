// Which hosts tasks may call. Public hosts are allowed unless refused; private, loopback and metadata
// addresses are refused unless allowed. This prevents server-side request forgery through a task's url.

/**
 * The setting TASKQUEUE_ALLOW_HOSTS, read: comma list of `host`, `host:port`, `*.domain`, and any of them
 * with `!` in front to refuse it; `!*` refuses whatever is not listed. Hosts are stored as the URL parser
 * writes them, so that a rule holds for every spelling of its host.
 */
export interface HostRules {
  allow: readonly string[];
  refuse: readonly string[];
  /** An entry that cannot be parsed. No host may be called then: the entry may be a refusal. */
  bad?: string;
}

export function parseHostRules(setting: string | undefined): HostRules {
  const entries = (setting ?? "").split(",").map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== "");
  const bad = given.find((entry) => ruleOf(entry) === undefined);
  const rules = (isRefusal: boolean) =>
    given.filter((entry) => entry.startsWith("!") === isRefusal).flatMap((it) => ruleOf(it) ?? []);
  return { allow: rules(false), refuse: rules(true), ...(bad !== undefined && { bad }) };
}

const FORM = "host, host:port or *.domain, with ! in front to refuse it";

/**
 * For the start, which is not to begin with a setting of which an entry is meant and does nothing: what is wrong
 * with it, or undefined.
 */
export function hostRulesFault(setting: string | undefined): string | undefined {
  const { bad } = parseHostRules(setting);
  if (bad === undefined) return undefined;
  const hint = HINTS.find(([pattern]) => pattern.test(bad))?.[1];
  return `${badEntry(bad)}${hint === undefined ? "" : `; ${hint}`}`;
}

function badEntry(entry: string): string {
  return `TASKQUEUE_ALLOW_HOSTS: found ${JSON.stringify(entry)}, expected ${FORM}`;
}

const HINTS: readonly [RegExp, string][] = [
  [/[\s;|]/, "entries are separated by commas"],
  [/:\/\//, "a host stands without its scheme"],
  [/[/?#\\]/, "a host stands without a path, and a network cannot be named"],
  [/@/, "a host stands without a user"],
  [/\*/, "the * stands for all in front of a domain's name"],
  [/:/, "a port is a number from 1 to 65535, and an IPv6 address stands in brackets"],
];

// The parser takes more for a host than any url that is called can have.
const HOST =
  /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$|^\[[0-9a-f:.]+\]$/;

function ruleOf(entry: string): string | undefined {
  if (entry === "!*") return "*";
  const rule = entry.replace(/^!/, "");
  const host = rule.replace(/^\*\./, "");
  if (/[/@?#*\s\\]|:$/.test(host) || !URL.canParse(`ws://${host}`)) return undefined;
  const { hostname, port } = new URL(`wss://${host}`);
  const name = hostname.replace(/\.$/, "");
  const isAddress = name.startsWith("[") || ipv4Number(name) !== undefined;
  if (!HOST.test(name) || port === "0" || (rule !== host && isAddress)) return undefined;
  return (rule === host ? "" : "*.") + canonical(name) + portOf(host);
}

// As it is in a url, though it is the scheme's own, which the parser leaves out.
function portOf(host: string): string {
  const [, port] = /:(\d+)$/.exec(host) ?? [];
  return port === undefined ? "" : `:${Number(port)}`;
}

/** Why this url may not be called, in words, or undefined when it may. */
export function hostRefusal(url: URL, rules: HostRules): string | undefined {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return `its scheme is "${url.protocol.slice(0, -1)}", expected http or https`;
  }
  if (rules.bad !== undefined) return badEntry(rules.bad);
  if (url.username !== "" || url.password !== "") return "it carries a user name or password";
  if (rules.refuse.some((rule) => rule !== "*" && matches(rule, url))) {
    return `TASKQUEUE_ALLOW_HOSTS refuses the host ${url.host}`;
  }
  if (rules.allow.some((rule) => matches(rule, url))) return undefined;
  if (rules.refuse.includes("*")) return `TASKQUEUE_ALLOW_HOSTS does not list the host ${url.host}`;
  if (isPrivate(url.hostname)) {
    return `the host ${url.host} is private or loopback; add it to TASKQUEUE_ALLOW_HOSTS to allow it`;
  }
  return undefined;
}

function matches(rule: string, url: URL): boolean {
  const hostname = canonical(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return [hostname, `${hostname}:${port}`].some((host) =>
    rule.startsWith("*.") ? host.endsWith(rule.slice(1)) : host === rule,
  );
}

// The trailing dot of a fully qualified name changes where it is looked up, not where it leads.
function canonical(hostname: string): string {
  return hostname.toLowerCase().replace(/\.+$/, "");
}

// Names that mean "inside" wherever they are resolved: special-use names (RFC 6761, 6762 with appendix G,
// 7686, 8375, 9476, and all of .arpa, under which ipv4only.arpa leads to 192.0.0.170), ICANN's .internal, and
// what service networks use. None of them is a public top-level domain.
const PRIVATE_TOPS: ReadonlySet<string> = new Set([
  ...["localhost", "localdomain", "localdomain4", "localdomain6", "local", "localnet", "internal"],
  ...["private", "lan", "home", "intranet", "intra", "corp", "workgroup", "dhcp", "router", "test"],
  ...["arpa", "onion", "i2p", "alt", "svc", "cluster", "kube", "docker", "consul", "nomad"],
  ...["flycast", "vpc"],
]);

// Public in name only. The first resolve to loopback for everybody, or to whatever address the name says, as
// 10-0-0-1.nip.io does; then what clouds answer for their metadata; then what routers answer for themselves.
const LEADING_INSIDE: readonly string[] = [
  ...["localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "localho.st", "localh.st", "local.gd"],
  ...["lcl.host", "localhost.direct", "fuf.me", "ulh.us", "traefik.me"],
  ...["nip.io", "sslip.io", "xip.io", "xip.name", "backname.io", "ip6.name"],
  ...["local-ip.co", "local-ip.sh", "local-ip.medicmobile.org", "plex.direct", "1u.ms", "rbndr.us"],
  ...["metadata.goog", "metadata.tencentyun.com", "metadata.platformequinix.com"],
  ...["metadata.packet.net", "api.metadata.cloud.ibm.com"],
  ...["fritz.box", "mshome.net", "speedport.ip"],
];

function isPrivate(host: string): boolean {
  const hostname = canonical(host);
  if (hostname.startsWith("[")) return isPrivateIpv6(hostname.slice(1, -1));
  const ipv4 = ipv4Number(hostname);
  if (ipv4 !== undefined) return isPrivateIpv4(ipv4);
  return isPrivateName(hostname);
}

// A name without a dot is one of a private network.
function isPrivateName(hostname: string): boolean {
  const dot = hostname.lastIndexOf(".");
  if (dot < 0 || PRIVATE_TOPS.has(hostname.slice(dot + 1))) return true;
  return LEADING_INSIDE.some((name) => hostname === name || hostname.endsWith(`.${name}`));
}

// The URL parser has already turned 0x7f.1, 2130706433 and the like into four decimal parts.
function ipv4Number(hostname: string): number | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return undefined;
  return hostname.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

// IANA's special-purpose blocks (RFC 6890 and successors): first address and prefix length.
const PRIVATE_IPV4: readonly [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Azure's metadata service, at an address that is public in name only.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(([first, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(address / size) === Math.floor((ipv4Number(first) ?? 0) / size);
  });
}

// Only global unicast (2000::/3) leads outside, and of that not documentation (of which 3fff::/20 is
// the newer block), Teredo or 6to4 (which wrap an IPv4 address). NAT64 and mapped addresses lie outside 2000::/3 and so are private as well.
function isPrivateIpv6(address: string): boolean {
  const [first = 0, second = 0] = address
    .split(":")
    .map((part) => Number.parseInt(part || "0", 16));
  const isGlobal = first >= 0x2000 && first <= 0x3fff;
  const wrapsAnother =
    first === 0x2002 || (first === 0x2001 && (second < 0x200 || second === 0xdb8));
  const isDocumentation = first === 0x3fff && second < 0x1000;
  return !isGlobal || wrapsAnother || isDocumentation;
}
