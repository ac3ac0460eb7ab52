import { join } from "node:path";
import { renderCharts } from "./render-charts.ts";
import { type Finding, runTrivy, worstFirst } from "./run-trivy.ts";

/** What others wrote, and what is made: nothing of it is in the repository. */
const NOT_OURS = ["node_modules", ".tools", ".tmp", ".soma", ".git", "webui/dist", "packed", "coverage"];
const CHARTS = "infra/helm";

interface ScanOptions {
  vulnerabilities: boolean;
}

export interface Scan {
  /** What was looked at, in words. */
  looked: string[];
  findings: Finding[];
}

/** Secrets of a tree, its Dockerfiles and manifests, its charts as they would be installed, and on demand the faults of its packages. */
export async function scanTree(root: string, { vulnerabilities }: ScanOptions): Promise<Scan> {
  const skipped = NOT_OURS.flatMap((name) => ["--skip-dirs", name, "--skip-dirs", `**/${name}`]);
  const rest = [...skipped, root];
  const findings = await runTrivy(["fs", "--scanners", "secret", ...rest]);
  const looked = ["secrets in the tree", "Dockerfiles and manifests"];
  findings.push(...(await runTrivy(["config", "--skip-check-update", "--skip-dirs", CHARTS, ...rest])));
  const rendered = await renderCharts(join(root, CHARTS));
  if (rendered !== undefined) {
    looked.push("charts, as each mode installs them");
    findings.push(
      ...(await runTrivy(["config", "--skip-check-update", rendered.folder]).finally(() => rendered.close())),
    );
  }
  if (vulnerabilities) {
    looked.push("packages");
    findings.push(...(await runTrivy(["fs", "--scanners", "vuln", ...rest])));
  }
  return { looked, findings: worstFirst(findings) };
}

/** Faults of what an image has in it, and keys that were left there. */
export async function scanImages(images: readonly string[], { vulnerabilities }: ScanOptions): Promise<Scan> {
  const scanners = vulnerabilities ? "vuln,secret" : "secret";
  const scans: Finding[][] = [];
  for (const image of images) scans.push(await runTrivy(["image", "--scanners", scanners, image]));
  return { looked: images.map((image) => `image ${image}`), findings: worstFirst(scans.flat()) };
}
