import { BlockList, isIP } from "node:net";
import { readSettings, text } from "@soma/shared/config";
import { ModelError } from "./model-error.ts";
import type { Env } from "./provider.ts";

/**
 * Which proxy leads to an address; undefined where none does. Throws MODEL_REFUSED where it is none that can be asked.
 */
export type ProxyOf = (url: URL) => URL | undefined;

/** Whether an address is this machine's own. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(?:127(?:\.\d+){3}|(?:.+\.)?localhost\.?|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]|0\.0\.0\.0)$/.test(
    hostname,
  );
}

const noted = "; in lower case too, which comes first";
const proxySettings = {
  https: text({ env: "HTTPS_PROXY", doc: `proxy of calls to models by HTTPS${noted}`, default: "", secret: true }),
  http: text({ env: "HTTP_PROXY", doc: `proxy of calls to models by HTTP${noted}`, default: "", secret: true }),
  none: text({ env: "NO_PROXY", doc: `hosts that no proxy leads to, with commas${noted}`, default: "" }),
};

/**
 * The proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower or upper case, lower case first as everywhere. None
 * leads to this machine itself. What is no proxy of ours, such as one of SOCKS that is there for other programs, fails
 * the calls that would go through it, and nothing else; its value is not told, because it may hold a password.
 */
export function readProxies(env: Env): ProxyOf {
  const upper = readSettings(proxySettings, env);
  const read = (key: keyof typeof upper): string => (env[proxySettings[key].env.toLowerCase()] ?? upper[key]).trim();
  const byScheme: Readonly<Record<string, (() => URL) | undefined>> = {
    "https:": toProxy("HTTPS_PROXY", read("https")),
    "http:": toProxy("HTTP_PROXY", read("http")),
  };
  const isDirect = readNoProxy(read("none"));
  return (url) => (isLoopback(url) || isDirect(url) ? undefined : byScheme[url.protocol]?.());
}

function toProxy(name: string, written: string): (() => URL) | undefined {
  if (written === "") return undefined;
  const text = written.includes("://") ? written : `http://${written}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === "http:" || url.protocol === "https:")) return () => url;
  const kind = /^socks\w*(?=:)/i.exec(text)?.[0];
  const what = kind === undefined ? "no address of a proxy" : `a ${kind} proxy, which is not spoken here`;
  return () => {
    throw new ModelError(
      "MODEL_REFUSED",
      `${name} is ${what}; write it as http://HOST:PORT, or name this host in NO_PROXY`,
      { isOfProfile: true },
    );
  };
}

/**
 * What NO_PROXY names: `*`, hosts with what is below them (`example.com`, `.example.com`, `*.example.com`), addresses
 * and blocks of them (`10.0.0.0/8`), each with a port or for all.
 */
function readNoProxy(written: string): (url: URL) => boolean {
  const entries = written
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "");
  if (entries.includes("*")) return () => true;
  const rules = entries.map(toRule);
  return (url) => rules.some((fits) => fits(url));
}

function toRule(entry: string): (url: URL) => boolean {
  const block = /^\[?([^/\]]+)\]?\/(\d{1,3})$/.exec(entry);
  if (block?.[1] !== undefined && isIP(block[1]) !== 0) return toBlock(block[1], Number(block[2]));
  const { host = entry, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(entry)?.groups ?? {};
  const written = host.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
  // An address of IPv6 has many writings; a URL has the shortest.
  const address = `http://[${written}]`;
  const name = URL.canParse(address) ? hostOf(new URL(address)) : written;
  return (url) => {
    const asked = hostOf(url);
    if (port !== undefined && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
    return asked === name || asked.endsWith(`.${name}`);
  };
}

function toBlock(address: string, prefix: number): (url: URL) => boolean {
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4");
  const list = new BlockList();
  if (prefix <= (family(address) === "ipv6" ? 128 : 32)) list.addSubnet(address, prefix, family(address));
  return (url) => isIP(hostOf(url)) !== 0 && list.check(hostOf(url), family(hostOf(url)));
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
