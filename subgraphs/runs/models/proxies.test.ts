import { describe, expect, test } from "vitest";
import { readProxies } from "./proxies.ts";

const P = "http://proxy.example:3128/";
const proxyOf = (env: Record<string, string>, url: string): string | undefined => readProxies(env)(new URL(url))?.href;

describe("readProxies()", () => {
  test.each<[Record<string, string>, string, string | undefined]>([
    [{}, "https://a.example/v1", undefined],
    [{ HTTPS_PROXY: P }, "https://a.example/v1", P],
    [{ https_proxy: P, HTTPS_PROXY: "http://other:1" }, "https://a.example", P],
    [{ https_proxy: "", HTTPS_PROXY: P }, "https://a.example", undefined],
    [{ HTTPS_PROXY: P }, "http://a.example", undefined],
    [{ HTTP_PROXY: "proxy.example:3128" }, "http://a.example", P],
    [{ http_proxy: P }, "https://a.example", undefined],
  ])("of %j leads to %s by %s", (env, url, proxy) => {
    expect(proxyOf(env, url)).toBe(proxy);
  });

  test.each([
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "ollama.localhost",
    "[::1]",
    "0.0.0.0",
    "localhost.",
    "[::ffff:127.0.0.1]",
  ])("never leads to %s", (host) => {
    expect(proxyOf({ HTTP_PROXY: P, HTTPS_PROXY: P }, `http://${host}:11434/v1`)).toBeUndefined();
  });

  test.each<[string, string, boolean]>([
    ["*", "https://a.example", true],
    ["a.example", "https://a.example", true],
    ["a.example", "https://b.a.example", true],
    ["a.example", "https://ba.example", false],
    [".a.example", "https://b.a.example", true],
    ["*.a.example", "https://b.a.example", true],
    ["x, A.EXAMPLE  y", "https://a.example", true],
    ["a.example:8443", "https://a.example:8443", true],
    ["a.example:8443", "https://a.example", false],
    ["a.example:443", "https://a.example", true],
    ["a.example:80", "http://a.example", true],
    ["10.0.0.0/8", "http://10.9.8.7", true],
    ["10.0.0.0/8", "http://11.9.8.7", false],
    ["10.0.0.0/99", "http://10.9.8.7", false],
    ["10.0.0.0/8", "http://ten.example", false],
    ["10.9.8.7", "http://10.9.8.7", true],
    ["fd00::/8", "http://[fd00::7]", true],
    ["[fd00::7]:80", "http://[fd00::7]", true],
    ["fd00:0:0:0:0:0:0:7", "http://[fd00::7]", true],
    ["[fd00:0::7]", "http://[fd00::7]", true],
    ["fe80::1%eth0", "http://[fd00::7]", false],
    ["[fd00::]/8", "http://[fd00::7]", true],
    ["10.0.0.0/8", "http://[fd00::7]", false],
  ])("with NO_PROXY %s keeps %s out: %s", (noProxy, url, isDirect) => {
    const all = { HTTP_PROXY: P, HTTPS_PROXY: P };
    expect(proxyOf({ ...all, NO_PROXY: noProxy }, url)).toBe(isDirect ? undefined : P);
    expect(proxyOf({ ...all, no_proxy: noProxy, NO_PROXY: "" }, url)).toBe(isDirect ? undefined : P);
  });

  test.each([
    ["socks5://u:secret@proxy:1", "a socks5 proxy, which is not spoken here"],
    ["http://u:secret@:bad:port", "no address of a proxy"],
  ])("refuses calls through %s without repeating it, and no others", (value, what) => {
    const env = { HTTPS_PROXY: value, NO_PROXY: "b.example" };
    const asking = () => proxyOf(env, "https://a.example/v1");
    expect(asking).toThrow(`HTTPS_PROXY is ${what}; write it as http://HOST:PORT, or name this host in NO_PROXY`);
    expect(asking).not.toThrow("secret");
    for (const url of ["https://b.example", "http://a.example", "https://localhost:8000"])
      expect(proxyOf(env, url)).toBeUndefined();
  });
});
