/**
 * Installs the charts for real: into an API server with its controllers and scheduler, in each mode of a cluster; upgrades from
 * the release before, breaks an upgrade in two ways, and takes all of it away again. Prints how long each step took; exit code 1
 * when something is not as it has to be. Nodes and pods are simulated by kwok: no command of a container runs.
 *
 *   npm run test:cluster [-- COMMIT]   whose charts are the release before; the last that differ when left out
 *
 * The programs are built and fetched once, into .tools/: it needs Go 1.26, apt of Debian 12, and several minutes of CPU.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLUSTER_MODES, prepareCharts } from "../../infra/helm/testing/charts.ts";
import { startControlPlane } from "./control-plane.ts";
import { findPrograms } from "./find-programs.ts";
import { releaseOf } from "./release.ts";
import { type Times, tellStory } from "./story.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CHARTS = ["infra/helm", ":!*.ts", ":!*.md", ":!infra/helm/rules", ":!infra/helm/testing"];
/** The mode in whose turn the cluster has a mesh and a Prometheus; before that it has neither. */
const WITH_FOREIGN = "prod_ha";

const git = (...args: string[]): Buffer => execFileSync("git", args, { cwd: ROOT, maxBuffer: 64 * 1_048_576 });
const folder = await mkdtemp(join(tmpdir(), "soma-cluster-"));
const commit =
  process.argv[2] ??
  git("rev-list", "--max-count=1", "--skip=1", "HEAD", "--", ...CHARTS)
    .toString()
    .trim();
const archive = git("archive", commit, "infra/helm");
execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });

const programs = await findPrograms();
const [now, before] = [await prepareCharts(), await prepareCharts(join(folder, "infra/helm"))];
const from = performance.now();
const plane = await startControlPlane(programs, folder);
console.log(`the control plane is up after ${((performance.now() - from) / 1_000).toFixed(1)} s`);
console.log(`the release before is of ${commit.slice(0, 8)}`);
const columns: [mode: string, times: Times][] = [];
try {
  for (const mode of CLUSTER_MODES) {
    const foreign = mode === WITH_FOREIGN;
    if (foreign) await addForeignKinds();
    const release = releaseOf("one", mode, { plane, charts: now });
    columns.push([mode, await tellStory({ release, now, before, foreign })]);
  }
  tell();
} finally {
  await plane.close();
  await Promise.all([now.close(), before.close(), rm(folder, { recursive: true, force: true })]);
}

async function addForeignKinds(): Promise<void> {
  const kinds = await readFile(new URL("foreign-kinds.yaml", import.meta.url), "utf8");
  await plane.kubectl(["create", "--filename", "-"], kinds);
  await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
}

function tell(): void {
  console.log(`\n| seconds of | ${columns.map(([mode]) => mode).join(" | ")} |`);
  console.log(`|---|${"---|".repeat(columns.length)}`);
  for (const step of Object.keys(columns[0]?.[1] ?? {}))
    console.log(`| ${step} | ${columns.map(([, times]) => times[step]?.toFixed(1)).join(" | ")} |`);
}
