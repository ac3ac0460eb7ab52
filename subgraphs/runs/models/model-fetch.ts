import { Agent, type Dispatcher, ProxyAgent, fetch as undiciFetch } from "undici";
import type { Env } from "./provider.ts";
import { readProxies } from "./proxies.ts";

/**
 * Each call has deadlines of its own, longer than those of the HTTP client may be: a local model reads its prompt for
 * minutes.
 */
const NO_LIMITS = { headersTimeout: 0, bodyTimeout: 0, connectTimeout: 0 };

/**
 * A `fetch` for calls to models alone, through the proxies of the environment. Nothing else of this process uses it:
 * what the product says to its own parts never leaves by a proxy.
 */
export function createModelFetch(env: Env): typeof fetch {
  const proxyOf = readProxies(env);
  const direct = new Agent(NO_LIMITS);
  const byProxy = new Map<string, Dispatcher>();
  const throughProxy = (proxy: URL): Dispatcher => {
    const known = byProxy.get(proxy.href);
    if (known !== undefined) return known;
    const agent = new ProxyAgent({ uri: proxy.href, ...NO_LIMITS });
    byProxy.set(proxy.href, agent);
    return agent;
  };
  const send = async (input: string | URL, init: object = {}) => {
    const proxy = proxyOf(new URL(input));
    if (proxy === undefined) return undiciFetch(input, { ...init, dispatcher: direct });
    return undiciFetch(input, { ...init, dispatcher: throughProxy(proxy) }).catch((error: unknown) => {
      throw toProxyError(proxy, error);
    });
  };
  return send as unknown as typeof fetch;
}

/** Says which proxy was asked, without its user and password. What the caller aborted stays as it is. */
function toProxyError({ protocol, host }: URL, error: unknown): unknown {
  if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return error;
  // A tunnel that is refused is told as a request that was canceled, for which it is the reason.
  const cause = error.cause.cause instanceof Error ? error.cause.cause : error.cause;
  const status = /\((\d{3})\)/.exec(cause.message)?.[1];
  const code = "code" in cause ? String(cause.code) : cause.message;
  const said = status === undefined ? code : `it answered HTTP ${status}`;
  return new TypeError("fetch failed", { cause: new Error(`through the proxy ${protocol}//${host}: ${said}`) });
}
