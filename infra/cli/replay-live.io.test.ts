import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { replayLive } from "./replay-live.ts";

const run = {
  runId: "r1",
  graph: "bill@1#0",
  verdict: "DIVERGES",
  seq: 7,
  node: "pay",
  why: "it had answered something else",
};
const report = { journals: 3, open: 2, events: 30, graphs: { "bill@1#0": { SAFE: 2, DIVERGES: 1 } }, runs: [run] };

describe("replayLive()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-replay-"));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rm(folder, { recursive: true }));

  /** What is printed for what the installation's program answers, and what the command fails with. */
  async function replayOf(answer: object, json = false): Promise<{ said: string; failed: unknown }> {
    const program = join(folder, "program.ts");
    await writeFile(program, `console.log(${JSON.stringify(JSON.stringify(answer))})`);
    let said = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    const failed = await replayLive({ live: 3, json, data: folder }, program).catch((error: unknown) => error);
    return { said, failed };
  }

  it("tells what would become of the runs of each graph, and fails when one would diverge", async () => {
    const { said, failed } = await replayOf({ report });
    expect(said).toContain("3 journals with 30 events, 2 of runs that have not ended");
    expect(said).toMatch(/bill@1#0 +DIVERGES +1 /);
    expect(said).toContain("DIVERGES run r1 at event 7, node pay: it had answered something else");
    expect(failed).toMatchObject({ code: "DIVERGES", exitCode: 1, message: expect.stringContaining("1 of 3 runs") });
  });

  it("is content when none does, prints the whole report as JSON, and tells why there is none", async () => {
    const safe = { ...report, graphs: { "bill@1#0": { SAFE: 2, WAITS: 1 } }, runs: [] };
    const { said, failed } = await replayOf({ report: safe }, true);
    expect([JSON.parse(said), failed]).toEqual([safe, undefined]);
    expect((await replayOf({ error: "no database" })).failed).toMatchObject({
      message: "the journals cannot be replayed: no database",
    });
    await expect(replayLive({ live: 1, json: false }, join(folder, "none.ts"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
