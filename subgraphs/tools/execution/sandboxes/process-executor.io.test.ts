import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";
import { describe, expect, it } from "vitest";
import { childrenOf, isRunning } from "../testing/children.ts";
import { execute } from "../testing/execute.ts";
import codeRun from "../tools/code-run.ts";

const RUN_CODE = fileURLToPath(new URL("../testing/run-code.ts", import.meta.url));
const LOOP = 'print("busy"); while (true) {}';

/** A second regular expression never gives way to anything inside its process. */
const STUCK = 'print("busy"); /(a+)+$/.test("a".repeat(60) + "b")';

describe("processExecutor", { timeout: 30_000 }, () => {
  it("gives output while the tool still runs", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const execution = execute(
      codeRun,
      { code: 'print("one"); await sleep(20); print("two"); await sleep(60000)' },
      {
        signal: stop.signal,
        onOutput: (text) => seen.push(text) > 0,
      },
    );
    await until("both lines came", () => seen.length === 2);
    stop.abort();
    expect((await execution).outcome).toEqual({ kind: "CANCELED" });
    expect(seen).toEqual(["one\n", "two\n"]);
  });

  it("kills a tool that never gives way, at its limit and when it is canceled", async () => {
    for (const code of [LOOP, STUCK]) {
      expect(await execute(codeRun, { code }, { timeoutMs: 3_000 })).toEqual({
        outcome: { kind: "TIMEOUT", limitMs: 3_000 },
        output: "busy\n",
        parts: ["busy\n"],
      });
      const stop = new AbortController();
      const onOutput = (): boolean => {
        stop.abort();
        return true;
      };
      expect((await execute(codeRun, { code }, { signal: stop.signal, onOutput })).outcome).toEqual({
        kind: "CANCELED",
      });
    }
    expect(await childrenOf(process.pid), "only the guard is left").toHaveLength(1);
  });

  it("starts nothing when it is canceled before", async () => {
    expect(await execute(codeRun, { code: "1" }, { signal: AbortSignal.abort() })).toMatchObject({
      outcome: { kind: "CANCELED" },
      output: "",
    });
  });

  it("kills a tool that writes more than is kept", async () => {
    const { outcome, output } = await execute(codeRun, { code: 'while (true) print("x".repeat(1000))' });
    expect(outcome).toEqual({ kind: "TRUNCATED" });
    expect(output.length).toBeLessThan(codeRun.maxOutputBytes + 2_000);
  });

  it("says so when the child gives no answer", async () => {
    const nowhere = { ...codeRun, child: { url: "file:///nowhere.ts", name: "x", allowRead: [], nodeFlags: [] } };
    expect((await execute(nowhere, { code: "1" })).outcome).toMatchObject({ kind: "ERROR", type: "internal" });
    const unknownFlag = {
      ...codeRun,
      child: { url: "file:///nowhere.ts", name: "x", allowRead: [], nodeFlags: ["--no-such-flag"] },
    };
    expect((await execute(unknownFlag, { code: "1" })).outcome).toMatchObject({
      kind: "ERROR",
      type: "crashed",
      message: expect.stringContaining("code 9"),
    });
  });

  it("starts its guard again when that was killed, and the new one knows what runs", async () => {
    const parent = spawn(process.execPath, [RUN_CODE, LOOP], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const [tool = 0, guard = 0] = await childrenOf(parent.pid ?? 0);
    process.kill(guard, "SIGKILL");
    const all = await until("there is a new guard", async () => {
      const now = (await childrenOf(parent.pid ?? 0)).filter((pid) => pid !== guard);
      return now.length === 2 && now;
    });
    expect(all).toContain(tool);
    parent.kill("SIGKILL");
    await until("the children ended", async () => !(await Promise.all(all.map(isRunning))).some(Boolean));
  });

  it("leaves no child when its own process is killed, whatever the tool does", async () => {
    for (const code of [LOOP, STUCK, 'print("busy"); await sleep(60000)']) {
      const parent = spawn(process.execPath, [RUN_CODE, code], { stdio: ["ignore", "pipe", "ignore"] });
      await new Promise((resolve) => parent.stdout.once("data", resolve));
      const children = await childrenOf(parent.pid ?? 0);
      parent.kill("SIGKILL");
      expect(children, "the tool and the guard").toHaveLength(2);
      await until("the children ended", async () => !(await Promise.all(children.map(isRunning))).some(Boolean));
    }
  });
});
