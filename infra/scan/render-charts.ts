import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

/** Where the tests of the charts get theirs from. */
const OF_TESTS = new URL("../helm/testing/find-helm.ts", import.meta.url);
const CHART = "soma-stack";
/** What an operator has to say before anything renders; the scan looks at none of it. */
const SAID = ["--set", "global.image.registry=registry.example.com/soma"];
const run = promisify(execFile);

/** Helm of this machine, else the one of the tests of the charts, which is fetched once. */
async function findHelm(): Promise<string> {
  const own = await run("helm", ["version", "--short"]).then(
    () => "helm",
    () => undefined,
  );
  if (own !== undefined) return own;
  if (!existsSync(OF_TESTS)) throw new Error("the charts cannot be scanned: no helm on the PATH");
  const ofTests = (await import(OF_TESTS.href)) as { findHelm(): Promise<string> };
  return ofTests.findHelm();
}

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
