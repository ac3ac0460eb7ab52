import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { bench } from "./bench.ts";

const event = { task_id: "whole path", metrics: { eventsPerSecond: 12_345.6, ofClientAlone: 0.8123 }, duration_ms: 5 };

describe("bench()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-bench-"));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rm(folder, { recursive: true }));

  /** What is printed for what the installation's program answers, what that was asked, and what the command fails with. */
  async function benchOf(answer: object, options: { size?: number; publish?: boolean; json?: boolean } = {}) {
    const program = join(folder, "program.ts");
    const asked = join(folder, "asked.json");
    await writeFile(
      program,
      `import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(asked)}, JSON.stringify(process.argv.slice(2)));
console.log(${JSON.stringify(JSON.stringify(answer))})`,
    );
    let said = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    const given = { suite: "relay", tenant: "acme", publish: false, json: false, ...options };
    const failed = await bench(given, program).catch((error: unknown) => error);
    const { default: args } = await import(asked, { with: { type: "json" } });
    return { said, failed, args };
  }

  it("tells each number by its task, and where others heard of it", async () => {
    const { said, args } = await benchOf(
      { report: { events: [event], topic: "soma.acme.agent.benchmarks.v1" } },
      { size: 500, publish: true },
    );
    expect(said).toMatch(/whole path +eventsPerSecond +12346/);
    expect(said).toMatch(/whole path +ofClientAlone +0\.812/);
    expect(said).toContain("1 events were published on soma.acme.agent.benchmarks.v1");
    expect(args).toEqual(["--suite", "relay", "--tenant", "acme", "--size", "500", "--publish"]);
  });

  it("says why nothing was measured", async () => {
    expect((await benchOf({ error: "no broker" })).failed).toMatchObject({
      code: "NOT_MEASURED",
      message: "nothing was measured: no broker",
    });
    await expect(
      bench({ suite: "relay", tenant: "acme", publish: false, json: false }, join(folder, "none.ts")),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
