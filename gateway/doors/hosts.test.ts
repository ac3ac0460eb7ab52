import { describe, expect, it } from "vitest";
import { createHostCheck, isLoopback } from "./hosts.ts";

const check = createHostCheck(["soma.example.com"]);
const ask = (host: string) => () => check({ url: "http://127.0.0.1:4700/", headers: new Headers({ host }) });

describe("createHostCheck()", () => {
  it.each([
    "localhost",
    "localhost:4700",
    "LOCALHOST",
    "app.localhost:1",
    "127.0.0.1:4700",
    "127.1.2.3",
    "[::1]:4700",
    "10.0.0.1",
    "0.0.0.0:4700",
    "[::ffff:127.0.0.1]",
    "soma.example.com",
    "Soma.Example.com:443",
  ])("serves %s", (host) => expect(ask(host)).not.toThrow());

  it.each([
    "evil.test",
    "127.0.0.1.evil.test",
    "localhost.evil.test:4700",
    "evil.test:127",
    "soma.example.com.evil.test",
    "1.2.3.4.5",
    "[evil.test]",
  ])("refuses %s with 421", (host) => {
    expect(ask(host)).toThrow(expect.objectContaining({ httpStatus: 421, code: "FORBIDDEN" }));
  });

  it("takes the host of the URL where there is no header", () => {
    expect(() => check({ url: "http://localhost/", headers: new Headers() })).not.toThrow();
    expect(() => check({ url: "http://evil.test/", headers: new Headers() })).toThrow("evil.test");
  });
});

describe("isLoopback()", () => {
  it("tells addresses of this machine from those others reach", () => {
    expect(["127.0.0.1", "::ffff:127.0.0.1", "::1", "127.9.9.9"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["0.0.0.0", "::", "192.168.1.1", "fe80::1"].map(isLoopback)).toEqual([false, false, false, false]);
  });
});
