import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** As JSON, in a folder that need not be there: each job of a release begins with a fresh checkout. */
export async function writeReport(file: string, report: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
