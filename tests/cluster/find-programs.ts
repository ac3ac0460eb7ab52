import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fetchOnce, TOOLS } from "../../infra/helm/testing/fetch-once.ts";
import { findKubectl } from "../../infra/helm/testing/find-helm.ts";

const KUBERNETES = "1.37.2";
const KWOK = "0.8.0";
/** The package of Debian 12, for x64. */
const ETCD = "3.4.23-4+b4";
const ETCD_SHA512 = "hV5deUBqV5LelqKUbE6Utu4pGseUCAzkwmeyK4iZ5+Ee/GybU+xWbdLp8FfPnVXVIlyVjQKS6ZSYDZFv2HOZYA==";
const MOST_BYTES = 100 * 1_048_576;
/** What a server says of itself is told to the linker; kubectl needs it. */
const KUBERNETES_FLAGS = Object.entries({ gitVersion: `v${KUBERNETES}`, gitMajor: "1", gitMinor: "37" }).reduce(
  (flags, [name, value]) => `${flags} -X k8s.io/component-base/version.${name}=${value}`,
  "-s -w",
);

export interface Programs {
  etcd: string;
  apiServer: string;
  controllerManager: string;
  scheduler: string;
  kwok: string;
  kubectl: string;
}

/** The programs of a control plane: those of `.tools/`, else built and fetched into it, which takes minutes. */
export async function findPrograms(): Promise<Programs> {
  const [etcd, kubectl] = await Promise.all([fetchEtcd(), findKubectl()]);
  const ofKubernetes = (name: string): Promise<string> =>
    buildOnce(`${name}-${KUBERNETES}`, {
      module: "kubernetes",
      flags: KUBERNETES_FLAGS,
      path: `k8s.io/kubernetes/cmd/${name}`,
    });
  // One after the other: the linker of each takes a gigabyte and more.
  const apiServer = await ofKubernetes("kube-apiserver");
  const controllerManager = await ofKubernetes("kube-controller-manager");
  const scheduler = await ofKubernetes("kube-scheduler");
  const kwok = await buildOnce(`kwok-${KWOK}`, { module: "kwok", flags: "-s -w", path: "sigs.k8s.io/kwok/cmd/kwok" });
  return { etcd, apiServer, controllerManager, scheduler, kwok, kubectl };
}

function fetchEtcd(): Promise<string> {
  return fetchOnce(`etcd-${ETCD}`, {
    by: ["apt-get", "--quiet=2", "download", `etcd-server=${ETCD}`],
    sha512: ETCD_SHA512,
    read: (path) => {
      const files = execFileSync("dpkg-deb", ["--fsys-tarfile", path], { maxBuffer: MOST_BYTES });
      return execFileSync("tar", ["-xOf", "-", "./usr/bin/etcd"], { input: files, maxBuffer: MOST_BYTES });
    },
  });
}

interface Build {
  /** A folder of `programs/`: its go.sum is what Go compares every module with. */
  module: string;
  flags: string;
  path: string;
}

/** With as little of the machine as can be: somebody works on it. */
async function buildOnce(name: string, { module, flags, path }: Build): Promise<string> {
  const kept = join(TOOLS, name);
  if (existsSync(kept)) return kept;
  console.log(`building ${basename(path)} (once; minutes, on ${availableParallelism()} cores)...`);
  await mkdir(TOOLS, { recursive: true });
  const half = `${kept}.${process.pid}`;
  const args = ["build", "-mod=readonly", "-buildvcs=false", "-trimpath", `-ldflags=${flags}`, "-o", half, path];
  await promisify(execFile)("nice", ["-n", "19", "go", ...args], {
    cwd: fileURLToPath(new URL(`programs/${module}/`, import.meta.url)),
    env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "" },
    maxBuffer: MOST_BYTES,
  });
  await rename(half, kept);
  return kept;
}
