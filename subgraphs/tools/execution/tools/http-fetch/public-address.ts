import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { ToolError } from "@soma/sdk/define-tool";

/** Ranges that are not the public internet, from the IANA special-purpose registries. */
const IPV4_REFUSED = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  // Cloud metadata that stands outside of the ranges above.
  ["168.63.129.16", 32],
] as const;

/** Only 2000::/3 is public in IPv6; these parts of it are not, or hide an IPv4 address. */
const IPV6_REFUSED = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;

const refused = new BlockList();
for (const [net, prefix] of IPV4_REFUSED) refused.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of IPV6_REFUSED) refused.addSubnet(net, prefix, "ipv6");
const publicIpv6 = new BlockList();
publicIpv6.addSubnet("2000::", 3, "ipv6");

/** True when the address is one of the public internet; IPv4 inside IPv6 (mapped, NAT64, 6to4, Teredo) never is. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, "ipv4");
  if (family === 6) return publicIpv6.check(address, "ipv6") && !refused.check(address, "ipv6");
  return false;
}

export interface Address {
  address: string;
  family: number;
}

export type ResolveHost = (host: string) => Promise<Address[]>;

/** Every address of a host, as the system resolves it. */
export const resolveHost: ResolveHost = (host) => lookup(host, { all: true, order: "verbatim" });

export interface CheckedTarget {
  url: URL;
  /** What a connection may be made to; nothing else. */
  addresses: Address[];
}

const PORTS = new Map([
  ["http:", "80"],
  ["https:", "443"],
]);

/**
 * Where a URL may be fetched from, or a ToolError that says why not. The host is resolved here, once, and every address
 * must be public; the caller connects to these addresses only, so that a second answer of the DNS changes nothing.
 * `allow` holds `host:port` entries that may be reached whatever their address and port.
 */
export async function checkTarget(
  text: string,
  allow: ReadonlySet<string>,
  resolve: ResolveHost,
): Promise<CheckedTarget> {
  const url = parseUrl(text);
  const port = url.port === "" ? (PORTS.get(url.protocol) ?? "") : url.port;
  const allowed = allow.has(`${url.hostname}:${port}`);
  if (!allowed && port !== PORTS.get("http:") && port !== PORTS.get("https:")) {
    throw new ToolError("address_refused", `port ${port} is not reached; only 80 and 443 are`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await resolveOrFail(host, resolve) : [{ address: host, family: isIP(host) }];
  const hidden = allowed ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
  if (hidden !== undefined)
    throw new ToolError("address_refused", `${host} is at ${hidden.address}, which is not a public address`);
  return { url, addresses };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new ToolError("bad_url", `"${text.slice(0, 200)}" is not a URL`);
  const url = new URL(text);
  if (!PORTS.has(url.protocol))
    throw new ToolError("bad_url", `${url.protocol} is not fetched; only http: and https: are`);
  if (url.username !== "" || url.password !== "")
    throw new ToolError("bad_url", "the URL holds credentials; they are not sent, so leave them out");
  return url;
}

async function resolveOrFail(host: string, resolve: ResolveHost): Promise<Address[]> {
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw new ToolError("host_not_found", `${host} could not be resolved`, { cause });
  });
  if (addresses.length === 0) throw new ToolError("host_not_found", `${host} has no address`);
  return addresses;
}
