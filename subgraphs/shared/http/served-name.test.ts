import { describe, expect, it } from "vitest";
import { isServedAs } from "./served-name.ts";

describe("isServedAs()", () => {
  it.each(["127.0.0.1", "127.8.9.1", "localhost", "::1"])("knows a port at %s by the names of this machine", (host) => {
    for (const own of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) expect(isServedAs(host, own)).toBe(true);
    for (const other of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "runs", ""])
      expect(isServedAs(host, other)).toBe(false);
  });

  it.each(["0.0.0.0", "::", "10.1.2.3", "runs.soma.svc"])("lets a port at %s have any name", (host) => {
    for (const name of ["runs", "runs.soma.svc.cluster.local", "10.1.2.3", "localhost"])
      expect(isServedAs(host, name)).toBe(true);
  });
});
