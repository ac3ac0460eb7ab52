import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { findTestProgram } from "@soma/local/test-programs";
import { createSilentLog } from "@soma/shared/log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython, pythonProgram } from "../testing/python.ts";
import { openTargets, type Targets } from "../testing/targets.ts";
import { openSandboxes, whyNot } from "./open-sandboxes.ts";
import { itIsASandbox } from "./sandbox.contract.ts";

const RUN_ESCAPES = fileURLToPath(new URL("../testing/run-escapes.ts", import.meta.url));
const SECRET = "hunter2-of-this-test";
/** Far from the others, where what closes files one after the other does not come. */
const LEFT_OPEN = 40;
const isRoot = process.getuid?.() === 0;

if (process.platform === "linux") await findTestProgram({ names: ["bwrap"], debian: "bubblewrap" });
const python = process.platform === "linux" ? await findPython() : undefined;
const { offers, unlimited } = await openSandboxes("process", createSilentLog());

let targets: Targets;
beforeAll(async () => {
  targets = await openTargets(SECRET);
});
afterAll(() => targets.close());

type Ends = Record<string, string>;
const doneOf = (ends: Ends) => Object.keys(ends).filter((name) => ends[name] === "done");

/** Starts a command that has the secret, with a file that its shell forgot to close, and reads what it prints as JSON. */
async function ask<T>(command: readonly string[]): Promise<T> {
  const fd = openSync(targets.given.canary, "r");
  const stdio = [...Array(LEFT_OPEN).fill("ignore"), fd];
  stdio[1] = "pipe";
  const env = { PATH: process.env.PATH, SECRET };
  const child = spawn(command[0] ?? "", command.slice(1), { env, stdio });
  closeSync(fd);
  return JSON.parse(await text(child.stdout ?? [])) as T;
}

const given = (more: object = {}) => JSON.stringify({ ...targets.given, ...more });

describe.each(["process", "bubblewrap"] as const)("the sandbox %s", (level) => {
  const offer = offers[level];
  const why = python === undefined ? "there is no Python for the attacks" : whyNot(offer);
  if (why !== undefined || python === undefined || !("sandbox" in offer)) {
    it.skip(`(not run here: ${why})`, () => {});
    return;
  }
  const { sandbox } = offer;
  const attack = <T = Ends>(more: object = {}, network = "none") =>
    ask<T>([process.execPath, RUN_ESCAPES, level, JSON.stringify(python), given(more), network]);

  itIsASandbox({ sandbox, python, holdsOrphans: level !== "process" || unlimited === undefined });

  if (level === "process") {
    it("keeps from a program the environment and files left open, and nothing else", async () => {
      const { file, args } = pythonProgram(python, "escapes.py", [given()]);
      const bare = await ask<Ends>([file, ...args]);
      const kept = ["environment", "left_open"];
      const possible = ["home", "tcp", "udp", "dns", "unix", "abstract", "symlink_out", "signal", ...kept];
      expect(doneOf(bare)).toEqual(expect.arrayContaining([...possible, ...(isRoot ? ["shadow", "write_usr"] : [])]));
      expect(doneOf(await attack())).toEqual(doneOf(bare).filter((name) => !kept.includes(name)));
    });
  } else {
    it("lets none of the attacks succeed", async () => {
      const ends = await attack();
      expect(Object.keys(ends).length).toBeGreaterThan(20);
      expect(doneOf(ends), JSON.stringify(ends)).toEqual([]);
    });

    it("opens the network to a tool that says that it needs it, and nothing else", async () => {
      expect(doneOf(await attack({}, "host"))).toEqual(["tcp", "udp", "dns", "abstract"]);
    });
  }

  const unbounded = unlimited === undefined ? "" : ` (not run here: ${unlimited})`;
  it.skipIf(unlimited !== undefined)(`bounds what a program and its children use together${unbounded}`, async () => {
    const { children, memory } = await attack<{ children: number; memory: number }>({ bombs: true });
    expect(children).toBeLessThan(130);
    expect(memory).toBeLessThan(4);
  });
});
