import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../testing/follow-project.ts", import.meta.url));
const SDK = fileURLToPath(new URL("../../../subgraphs/sdk/", import.meta.url));

interface Told {
  failed?: string;
  said: string[];
  is: string;
  state: {
    name: string;
    loadedAt: string;
    files: Record<string, string>;
    faults: { file: string; line: number | null }[];
  };
  pins: string[];
  answers: string[];
  tools: string[];
}

let dir: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "soma-project-"));
});
afterEach(async () => {
  child?.kill();
  child = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}

/** Loads the folder in a process of its own; each look gives what that says. */
async function follow(): Promise<{ first: Told; look(): Promise<Told> }> {
  const started = spawn(process.execPath, [PROGRAM, dir], { stdio: ["pipe", "pipe", "inherit"] });
  child = started;
  const lines: Interface = createInterface({ input: started.stdout });
  const waiting = lines[Symbol.asyncIterator]();
  const next = async (): Promise<Told> => JSON.parse(String((await waiting.next()).value)) as Told;
  return {
    first: await next(),
    look() {
      started.stdin.write("\n");
      return next();
    },
  };
}

const agent = (name: string, node = "only", answer = '"first"') => `
import { graph } from "@soma/sdk/graph";
import { answerOf } from "./words/answer.ts";
export default graph("${name}", 1, {}).node("${node}", { type: "end", run: () => ({ summary: "" }) }).build(() => answerOf(${answer}));
`;
const WORDS = { "agents/words/answer.ts": "export const answerOf = (text: string): string => text;" };
const tool = (name: string, description = "Greets.") => `
import { defineTool, Type } from "@soma/sdk/define-tool";
export default defineTool({ name: "${name}", version: "1", description: "${description}", input: Type.Object({}), risk: "low",
  effect: "pure", isolation: "none", timeoutMs: 1000, maxOutputBytes: 1000, run: () => "" });
`;

describe("loadProject()", () => {
  it("takes what soma init writes, and every sample of the SDK", async () => {
    for (const name of [
      "template",
      ...["desk", "map", "refund", "research", "timer", "torture"].map((name) => `samples/${name}`),
    ])
      await cp(join(SDK, name), dir, { recursive: true });
    const { failed, is } = (await follow()).first;
    expect([failed, is]).toEqual([
      undefined,
      expect.stringContaining(
        "agents torture_asked, torture_booked, desk, torture_found, torture_idempotent, orders, torture_payments, prices, torture_pure, refund, research, timer · tools ",
      ),
    ]);
  });

  it("gives its files the SDK of this installation, whatever is installed in it, and every other package from there", async () => {
    const installed = (name: string, code: string) => ({
      [`node_modules/${name}/package.json`]: '{ "exports": { "./*": "./*.js" } }',
      [`node_modules/${name}/graph.js`]: code,
    });
    await write({
      ...installed("@soma/sdk", "throw new Error('another SDK was loaded');"),
      ...installed("@soma/client", "exports.answerOf = (text) => text + ', by the client';"),
      "agents/words/answer.ts": 'export { answerOf } from "@soma/client/graph";',
      "agents/refund.ts": agent("refund"),
    });
    const { failed, answers } = (await follow()).first;
    expect([failed, answers]).toEqual([undefined, expect.arrayContaining(["first, by the client"])]);
  });

  it("refuses a folder that is no project, and one with faults: all of them, by file, with what to do", async () => {
    expect((await follow()).first.failed).toContain("is no project: it has neither agents nor tools");
    await write({
      ...WORDS,
      "agents/a-number.ts": "export default 5;",
      "agents/broken.ts": "export default (;",
      "agents/lost.ts": 'import "./nowhere.ts";',
      "agents/taken.ts": agent("assistant"),
      "agents/twin-one.ts": agent("twin"),
      "agents/twin-two.ts": agent("twin"),
      "tools/clock.ts": tool("clock"),
      "tools/no-tool.ts": "export const x = 1;",
      "scenario.yaml": "rules:\n  - when: { question: x }\n    say: 5\n  - wen: {}\n",
      "conf/roles.yaml": "default: assistant",
    });
    const { failed = "" } = (await follow()).first;
    for (const fault of [
      "agents/a-number.ts has no graph as its default export; export what build() gives",
      "agents/broken.ts cannot be loaded: ",
      "agents/lost.ts cannot be loaded: Cannot find module",
      'agents/taken.ts is called "assistant", as an agent that ships; give it another name',
      'agents/twin-two.ts is called "twin", as agents/twin-one.ts is; rename one',
      "tools/clock.ts cannot be a tool here: two tools are called clock; give it another name",
      "tools/no-tool.ts has no tool as its default export",
      "/rules/0/say must be string",
      "/rules/1 must NOT have additional properties (wen)",
      "conf/roles.yaml is not read from a project; it may hold models.yaml",
    ])
      expect(failed).toContain(fault);
  });

  it("takes what is saved as new modules, with what they import; open runs keep the structure they are pinned to", async () => {
    await write({ ...WORDS, "agents/refund.ts": agent("refund"), "tools/greet.ts": tool("greet") });
    const { first, look } = await follow();
    expect(first.state).toMatchObject({ name: basename(dir), faults: [], files: { refund: "agents/refund.ts" } });
    expect(await look(), "nothing has changed").toEqual(first);
    await write({
      "agents/words/answer.ts": 'export const answerOf = (text: string): string => text + ", and changed";',
    });
    expect(await look()).toMatchObject({ pins: first.pins, answers: expect.arrayContaining(["first, and changed"]) });
    await write({
      "agents/refund.ts": agent("refund", "other", '"second"'),
      "tools/greet.ts": tool("greet", "Greets twice."),
    });
    const second = await look();
    expect(second).toMatchObject({
      said: [expect.stringContaining("Loaded again: agents refund")],
      tools: ["Greets twice."],
    });
    expect(second.pins).toEqual([second.pins[0], ...first.pins]);
    expect(second.answers).toContain("second, and changed");
  });

  it("tells the fault of a tool once, and none of who names that tool", async () => {
    const scenario = "rules:\n  - when: { question: x }\n    call: { tool: greet, args: {} }\n";
    await write({ "tools/greet.ts": tool("greet"), "scenario.yaml": scenario });
    const { look } = await follow();
    await write({ "tools/greet.ts": `${tool("greet")}\nthrow new Error("nobody is here");\n` });
    expect((await look()).state.faults).toEqual([
      { message: expect.stringContaining("nobody is here"), file: "tools/greet.ts", line: expect.any(Number) },
    ]);
    await write({ "tools/greet.ts": tool("welcome") });
    expect((await look()).state.faults).toEqual([
      { message: expect.stringContaining("names greet, which is no tool"), file: "scenario.yaml", line: null },
    ]);
  });

  it("keeps the last good one of what cannot be loaded, says why, and takes the rest", async () => {
    await write({ ...WORDS, "agents/refund.ts": agent("refund"), "agents/other.ts": agent("other", "only", '"old"') });
    const { first, look } = await follow();
    const good = await readFile(join(dir, "agents/refund.ts"), "utf8");
    await write({ "agents/refund.ts": "export default (;", "agents/other.ts": agent("other", "only", '"new"') });
    const broken = await look();
    expect(broken.said).toEqual([
      expect.stringMatching(/^agents\/refund\.ts cannot be loaded: .*; what was there before goes on$/s),
    ]);
    expect(broken.state.faults).toEqual([
      { message: expect.stringContaining("(agents/refund.ts:1)"), file: "agents/refund.ts", line: 1 },
    ]);
    expect(Date.parse(broken.state.loadedAt)).toBeGreaterThan(Date.parse(first.state.loadedAt));
    expect(broken).toMatchObject({ is: first.is, answers: expect.arrayContaining(["first", "new"]) });
    await write({ "agents/words/answer.ts": "\n\nexport const answerOf = nowhere();\n" });
    expect((await look()).state.faults, "of what they import").toContainEqual(
      expect.objectContaining({ file: "agents/words/answer.ts", line: 3 }),
    );
    await write({ ...WORDS, "agents/refund.ts": good });
    expect(await look()).toMatchObject({ said: [expect.stringContaining("Loaded again")], state: { faults: [] } });
    await rm(join(dir, "agents/refund.ts"));
    const gone = await look();
    expect(gone.is).toContain("agents other ·");
    expect(gone.pins, "its open runs go on").toEqual(expect.arrayContaining(first.pins));
  });
});
