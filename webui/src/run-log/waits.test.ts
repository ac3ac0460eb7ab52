import { describe, expect, test } from "vitest";
import { waitsAt } from "./waits.ts";

describe("waitsAt()", () => {
  test.each(["localhost", "soma.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])(
    "waitsAt() a server of this machine, %s, waits for 2 s at most",
    (hostname) => expect(waitsAt(hostname)).toEqual({ maxBackoffMs: 2_000 }),
  );

  test.each([
    "soma.example.com",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "127.evil.test",
    "10.0.0.1",
    "[::2]",
    "",
  ])("waitsAt() a server that others use too, %j, sets no limit of its own", (hostname) =>
    expect(waitsAt(hostname)).toEqual({}),
  );
});
