import { describe, expect, it } from "vitest";
import { canRunAt, isLevel, levelOf, SANDBOX_LEVELS, type Walled } from "./sandbox-level.ts";

const child = { url: "file:///x.ts", name: "default", allowRead: [], nodeFlags: [] };
const inline: Walled = { isolation: "none", risk: "medium" };
const code: Walled = { isolation: "process", risk: "high", child };
const mild: Walled = { isolation: "process", risk: "low", child };
const strict: Walled = { isolation: "gvisor", risk: "low", child };

describe("levelOf()", () => {
  it("is the strongest of the tool's own, the decision's and, from medium risk, the operator's floor", () => {
    const table: [Walled, unknown, "process" | "bubblewrap" | "gvisor", string][] = [
      [inline, undefined, "gvisor", "none"],
      [code, undefined, "process", "process"],
      [code, undefined, "bubblewrap", "bubblewrap"],
      [{ ...code, risk: "medium" }, undefined, "gvisor", "gvisor"],
      [mild, undefined, "gvisor", "process"],
      [mild, "bubblewrap", "process", "bubblewrap"],
      [{ ...inline, child }, "gvisor", "process", "gvisor"],
    ];
    for (const [tool, sandbox, floor, level] of table) expect(levelOf(tool, { sandbox }, floor)).toBe(level);
  });

  it("is lowered by nothing", () => {
    for (const sandbox of ["none", "process", "bubblewrap", "no-such-level", 0, null])
      for (const floor of SANDBOX_LEVELS) expect(levelOf(strict, { sandbox }, floor), String(sandbox)).toBe("gvisor");
    expect(levelOf(code, { sandbox: "none" }, "bubblewrap")).toBe("bubblewrap");
    expect(levelOf(code, { sandbox: "gvisor" }, "bubblewrap")).toBe("gvisor");
  });
});

describe("canRunAt()", () => {
  it("wants a module that a child can load for every level but the tools process", () => {
    expect(canRunAt("none", inline)).toBe(true);
    for (const level of SANDBOX_LEVELS) {
      expect(canRunAt(level, inline)).toBe(false);
      expect(canRunAt(level, code)).toBe(true);
    }
  });
});

it("isLevel() knows the levels and nothing else", () => {
  for (const level of ["none", ...SANDBOX_LEVELS]) expect(isLevel(level)).toBe(true);
  for (const other of ["docker", "", undefined, 1, "toString"]) expect(isLevel(other)).toBe(false);
});
