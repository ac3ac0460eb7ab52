import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { execute } from "../../testing/execute.ts";
import intruder from "../../testing/intruder.ts";

describe("the walls of a child process", () => {
  it("keep files, environment, other programs, threads and native code from whatever runs inside", {
    timeout: 20_000,
  }, async () => {
    process.env.SOMA_SECRET_FOR_TEST = "hunter2";
    const { outcome, output } = await execute(intruder, {});
    delete process.env.SOMA_SECRET_FOR_TEST;
    expect(outcome).toEqual({ kind: "OK" });
    const { ends, environment, commandLine } = JSON.parse(output) as {
      ends: Record<string, string>;
      environment: string[];
      commandLine: string[];
    };
    expect(Object.keys(ends).length).toBeGreaterThanOrEqual(20);
    for (const [attempt, end] of Object.entries(ends)) {
      expect(
        ["ERR_ACCESS_DENIED", "ERR_DLOPEN_DISABLED", "ERR_UNKNOWN_BUILTIN_MODULE"],
        `${attempt} ended ${end}`,
      ).toContain(end);
    }
    expect(environment).toEqual([]);
    expect(commandLine.join(" ")).not.toContain("hunter2");
    expect(existsSync("/tmp/intruder")).toBe(false);
  });
});
