import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeReport } from "./write-report.ts";

it("writeReport() makes the folders of a file, which a fresh checkout does not have", async () => {
  const folder = await mkdtemp(join(tmpdir(), "soma-report-"));
  try {
    const file = join(folder, ".tmp/release/scan.json");
    await writeReport(file, { findings: [] });
    await writeReport(file, { findings: [1] });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ findings: [1] });
  } finally {
    await rm(folder, { recursive: true });
  }
});
