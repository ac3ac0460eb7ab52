import { describe, expect, it } from "vitest";
import { findUnmet, limitOf } from "./obligations.ts";

describe("findUnmet()", () => {
  it("finds what cannot be met, and whatever it does not know", () => {
    const inline = {};
    const child = { child: { url: "file:///x.ts", name: "default", allowRead: [], nodeFlags: [] } };
    expect(findUnmet({}, inline)).toEqual([]);
    expect(findUnmet({ timeout_ms: 100, sandbox: "none" }, inline)).toEqual([]);
    expect(findUnmet({ sandbox: "process" }, child)).toEqual([]);
    expect(findUnmet({ sandbox: "process" }, inline)).toEqual(["sandbox"]);
    expect(findUnmet({ sandbox: "gvisor" }, child)).toEqual([]);
    expect(findUnmet({ sandbox: "bubblewrap" }, inline)).toEqual(["sandbox"]);
    for (const sandbox of ["firecracker", 7, null]) expect(findUnmet({ sandbox }, child)).toEqual(["sandbox"]);
    expect(findUnmet({ timeout_ms: "100" }, inline)).toEqual(["timeout_ms"]);
    expect(findUnmet({ timeout_ms: 0 }, inline)).toEqual(["timeout_ms"]);
    expect(findUnmet({ approval: true, toString: 1, timeout_ms: 5 }, inline)).toEqual(["approval", "toString"]);
  });
});

describe("limitOf()", () => {
  it("takes the lowest of tool, call and obligation, and never more than the tool's", () => {
    expect(limitOf(1_000, undefined, {})).toBe(1_000);
    expect(limitOf(1_000, 400, {})).toBe(400);
    expect(limitOf(1_000, 400, { timeout_ms: 50.5 })).toBe(50);
    expect(limitOf(1_000, 4_000, { timeout_ms: 5_000 })).toBe(1_000);
  });
});
