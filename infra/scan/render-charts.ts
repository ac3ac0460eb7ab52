import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { findHelm } from "../helm/testing/find-helm.ts";

const CHART = "soma-stack";
/** What an operator has to say before anything renders; the scan looks at none of it. */
const SAID = ["--set", "global.image.registry=registry.example.com/soma"];
const run = promisify(execFile);

/**
 * What Helm would install, by each overlay, as files of a folder; undefined where the tree has no charts. Trivy does not
 * render a chart whose parts are charts beside it: it says so in passing, and finds nothing.
 */
export async function renderCharts(charts: string): Promise<{ folder: string; close(): Promise<void> } | undefined> {
  if (!existsSync(join(charts, CHART, "Chart.yaml"))) return undefined;
  const helm = await findHelm();
  const folder = await mkdtemp(join(tmpdir(), "soma-scan-"));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "charts");
    await cp(charts, copy, { recursive: true, filter: (path) => !path.endsWith(".ts") });
    await run(helm, ["dependency", "build", CHART], { cwd: copy });
    for (const overlay of globSync(`${CHART}/*-values.yaml`, { cwd: copy })) {
      const args = ["template", "soma", CHART, "--values", overlay, ...SAID];
      const { stdout } = await run(helm, args, { cwd: copy, maxBuffer: 64 * 1_048_576 });
      await writeFile(join(folder, `${basename(overlay, "-values.yaml")}.yaml`), stdout);
    }
    await rm(copy, { recursive: true });
    return { folder, close };
  } catch (cause) {
    await close();
    const { stderr = "", message } = cause as { stderr?: string; message: string };
    throw new Error(`the charts cannot be rendered: ${stderr.trim() || message}`, { cause });
  }
}
