import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** Plans for each class that pays an answer that is lost, and for one run a tool that takes its process with it. */
const SEED = "23";
const RUNS = "20";
/** Longer than it takes: what dies, dies in the middle of a tool. */
const KILL_EVERY_MS = "600000";
/** Answers of the idempotent tool that this seed loses. */
const LOST_ANSWERS = 2;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-system-"));
  await mkdir(join(folder, "tmp"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function torture(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const program = [join(root, "infra/cli/soma.ts"), "torture", ...args];
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      program,
      { env: { ...process.env, TMPDIR: join(folder, "tmp") } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    ),
  );
}

describe("soma torture", () => {
  it("finds a tool that pays without its key, and nothing against those that do what they say", {
    timeout: 300_000,
  }, async () => {
    const project = join(folder, "project");
    await cp(join(root, "subgraphs/sdk/samples/torture"), project, { recursive: true });
    const tool = join(project, "tools/pay-by-key.ts");
    const good = await readFile(tool, "utf8");
    expect(good).toContain("pay(order, order)");
    await writeFile(tool, good.replace("pay(order, order)", "pay(order, null)"));
    const how = ["--seed", SEED, "--kill-every", KILL_EVERY_MS, "--project", project, "--json"];
    const { code, stdout, stderr } = await torture("--runs", RUNS, ...how);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${RUNS} runs, seed ${SEED}`)]);
    const { rows, findings, deaths } = JSON.parse(stdout);
    const well = { runs: 4, lost: 0, repeated: 0 };
    expect(rows).toMatchObject([well, { runs: 4, lost: 0 }, well, well, well]);
    // What was under way when the process died is called again as well.
    expect(rows[1].repeated).toBeGreaterThanOrEqual(LOST_ANSWERS);
    expect(rows[2].reconciled, "the bank was asked").toBeGreaterThan(0);
    expect(rows[3].unknown, "a person was asked").toBeGreaterThan(0);
    expect(new Set(findings.map(({ invariant }: { invariant: string }) => invariant))).toEqual(new Set(["REPEATED"]));
    expect(deaths).toMatchObject({ kills: 0, byTools: 1 });
    expect(await readdir(join(folder, "tmp")), "nothing is left behind").toEqual([]);
  });

  it("refuses numbers that make no sense, and says which do", async () => {
    const { code, stderr } = await torture("--runs", "1000000");
    expect([code, stderr]).toEqual([2, expect.stringContaining("it must be a whole number, 1 to 20000")]);
  });
});
