import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "@soma/local/find-python";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { atLeast, runTrivy } from "./run-trivy.ts";
import { scanTree } from "./scan-tree.ts";

const python = await findPython();
const title = "missing" in python ? `scanTree() (not run here: ${python.missing})` : "scanTree()";
/** The first scan of a machine brings Trivy. */
const FIRST_MS = 300_000;

const PLANTED = {
  // Put together here, so that the scan of this tree does not find it.
  "deploy.sh": `export TOKEN=${["ghp", "Zx9Qw3Er7Ty1Ui5Op8As2Df6Gh4Jk0LmNbVc"].join("_")}\n`,
  Dockerfile: "FROM debian:12\nENV AWS_SECRET_ACCESS_KEY=abcdefgh\nUSER 65532\n",
  "role.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reads-all }
rules:
  - { apiGroups: [""], resources: ["secrets"], verbs: ["get", "list"] }
`,
};
const CHART = {
  "chart/Chart.yaml":
    "apiVersion: v2\nname: chart\nversion: 1.0.0\ndependencies:\n  - { name: part, version: 1.0.0, repository: file://../part }\n",
  "chart/values.yaml": "{}\n",
};

describe.skipIf("missing" in python)(title, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-scan-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function plant(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  }

  it(
    "finds nothing in this tree that is high or critical",
    async () => {
      const root = fileURLToPath(new URL("../../", import.meta.url));
      const { findings } = await scanTree(root, { vulnerabilities: false });
      expect(atLeast(findings, "HIGH")).toEqual([]);
    },
    FIRST_MS,
  );

  it(
    "finds a key, a secret in a Dockerfile and a role that reads all secrets, each as critical",
    async () => {
      await plant(PLANTED);
      const { findings } = await scanTree(folder, { vulnerabilities: false });
      expect(atLeast(findings, "CRITICAL").map(({ kind, place, rule }) => `${kind} ${place} ${rule}`)).toEqual([
        "misconfiguration Dockerfile:2 DS-0031",
        "secret deploy.sh:1 github-pat",
        "misconfiguration role.yaml:5 KSV-0041",
      ]);
    },
    FIRST_MS,
  );

  it(
    "fails where Trivy leaves something out, which would have no findings either",
    async () => {
      await plant(CHART);
      await expect(runTrivy(["config", "--skip-check-update", folder])).rejects.toThrow(/left something out:\n.*chart/);
    },
    FIRST_MS,
  );
});
