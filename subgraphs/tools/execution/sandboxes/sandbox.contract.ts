import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { until } from "@soma/shared/testing/until";
import { expect, it } from "vitest";
import { execute } from "../testing/execute.ts";
import intruder from "../testing/intruder.ts";
import { type AsPython, pythonProgram } from "../testing/python.ts";
import codeRun from "../tools/code-run.ts";
import type { Sandbox } from "./sandbox.ts";

const SHOW = 'console.log(JSON.stringify([process.argv.at(-1), process.env, require("fs").readFileSync(0, "utf8")]))';

interface ContractOf {
  sandbox: Sandbox;
  python: AsPython;
  /** Whether a program that leaves its group and its parent can be found there. */
  holdsOrphans: boolean;
}

/** What every sandbox does, whatever its walls. */
export function itIsASandbox({ sandbox, python, holdsOrphans }: ContractOf): void {
  const node = (code: string, ...args: string[]) =>
    sandbox.start({ file: process.execPath, args: ["-e", code, "--", ...args], readable: [], network: "none" });

  it("runs a program with its arguments, its stdin and no environment, and tells how it ended", async () => {
    const { child, stop } = node(`${SHOW}; process.exitCode = 7`, "a $HOME 'b'\n");
    const ended = once(child, "exit");
    child.stdin?.end("given");
    expect(JSON.parse(await readAll(child))).toEqual(["a $HOME 'b'\n", {}, "given"]);
    expect((await ended)[0]).toBe(7);
    await stop("kill");
    await stop("ask");
  });

  it("tells by its end that a program is not there", async () => {
    const { child, stop } = sandbox.start({ file: "/nowhere", args: [], readable: [], network: "none" });
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).not.toBe(0);
    await stop("kill");
  });

  it("asks a program to end before it kills it", async () => {
    const { child, stop } = sandbox.start(pythonProgram(python, "family.py"));
    const said = readAll(child);
    await once(child.stdout ?? child, "readable");
    await stop("ask");
    expect(await said).toContain("asked");
  });

  const leaves = holdsOrphans ? "" : " (not run here: no control groups can be made)";
  it.skipIf(!holdsOrphans)(`leaves nothing of what a program started${leaves}`, async () => {
    const mark = randomUUID();
    const { child, stop } = sandbox.start(pythonProgram(python, "family.py", [mark]));
    child.stdout?.setEncoding("utf8");
    expect((await once(child.stdout ?? child, "data"))[0]).toContain("orphan");
    expect(findMarked(mark)).not.toEqual([]);
    await stop("kill");
    await until("nothing of it is left", () => findMarked(mark).length === 0, 2_000);
  });

  it("runs a tool, and stops one at its limit", async () => {
    expect(await execute(codeRun, { code: "6 * 7" }, { sandbox })).toMatchObject({
      outcome: { kind: "OK" },
      output: "42\n",
    });
    const late = await execute(codeRun, { code: "while (true);" }, { sandbox, timeoutMs: 300 });
    expect(late.outcome).toEqual({ kind: "TIMEOUT", limitMs: 300 });
  });

  it("keeps Node's own permissions from a tool too", async () => {
    const { outcome, output } = await execute(intruder, {}, { sandbox });
    expect(outcome).toEqual({ kind: "OK" });
    const { ends, environment } = JSON.parse(output) as { ends: Record<string, string>; environment: string[] };
    expect(Object.values(ends)).not.toContain("done");
    expect(environment).toEqual([]);
  });
}

function readAll({ stdout }: ChildProcess): Promise<string> {
  return stdout === null ? Promise.resolve("") : text(stdout);
}

/** Processes of this machine that have a word on their command line. */
function findMarked(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}
