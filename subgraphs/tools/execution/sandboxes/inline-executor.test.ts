import { type Tool, ToolError } from "@soma/sdk/define-tool";
import { describe, expect, it } from "vitest";
import { aTool as namedTool } from "../../testing/tools.ts";
import { execute } from "../testing/execute.ts";

const aTool = (run: Tool["run"]): Tool => namedTool("a_tool", run, { timeoutMs: 1_000, maxOutputBytes: 100 });
const hang = () => new Promise<undefined>(() => {});

describe("inlineExecutor", () => {
  it("writes what the tool emits, then what it gives back", async () => {
    const tool = aTool((args, { emit }) => {
      emit("working ");
      return JSON.stringify(args);
    });
    expect(await execute(tool, { a: 1 })).toMatchObject({ outcome: { kind: "OK" }, output: 'working {"a":1}' });
    expect(
      await execute(
        aTool(() => undefined),
        {},
      ),
    ).toMatchObject({ outcome: { kind: "OK" }, output: "" });
  });

  it("tells a failure the tool names from one it did not foresee, whose message stays inside", async () => {
    const named = aTool(() => {
      throw new ToolError("no_luck", "try tomorrow");
    });
    expect((await execute(named, {})).outcome).toEqual({ kind: "ERROR", type: "no_luck", message: "try tomorrow" });
    const surprise = aTool(async () => {
      throw new Error("password is hunter2");
    });
    const { outcome } = await execute(surprise, {});
    expect(outcome).toMatchObject({ kind: "ERROR", type: "internal" });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it("ends a tool at its limit, though it never gives back, and tells it", async () => {
    let told = false;
    const tool = aTool((_args, { signal }) => {
      signal.addEventListener("abort", () => (told = true));
      return hang();
    });
    expect((await execute(tool, {}, { timeoutMs: 20 })).outcome).toEqual({ kind: "TIMEOUT", limitMs: 20 });
    expect(told).toBe(true);
  });

  it("ends a canceled tool and drops what it writes afterwards", async () => {
    const stop = new AbortController();
    let late: (text: string) => void = () => {};
    const tool = aTool((_args, { emit }) => {
      emit("before");
      late = emit;
      return hang();
    });
    const execution = execute(tool, {}, { signal: stop.signal });
    stop.abort();
    const { outcome, parts } = await execution;
    late("after");
    expect(outcome).toEqual({ kind: "CANCELED" });
    expect(parts).toEqual(["before"]);
  });

  it("lets a tool with too much output go on, and says that some was dropped", async () => {
    let finished = false;
    const tool = aTool(async (_args, { emit }) => {
      emit("x".repeat(200));
      finished = true;
      return undefined;
    });
    expect((await execute(tool, {})).outcome).toEqual({ kind: "TRUNCATED" });
    expect(finished).toBe(true);
  });
});
