import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseYamlStream } from "@soma/conf/read-conf";
import { findHelm } from "./find-helm.ts";

const CHARTS = fileURLToPath(new URL("../", import.meta.url));
const OVERLAYS = { dev_prod: "dev", prod: "prod", prod_ha: "prod-ha" } as const;

export type ClusterMode = keyof typeof OVERLAYS;
export const CLUSTER_MODES = Object.keys(OVERLAYS) as ClusterMode[];

// biome-ignore lint/suspicious/noExplicitAny: manifests of any kind, which tests look into
export type Manifest = any;

interface RenderOptions {
  mode: ClusterMode;
  release?: string;
  /** Values that are set by hand, by their paths. */
  set?: Readonly<Record<string, unknown>>;
  /** What the cluster has beside Kubernetes itself. */
  has?: readonly string[];
  /** The version of the cluster; Helm's own by default. */
  kubernetes?: string;
}

export interface Charts {
  /** What would be installed, as text. */
  template(options: RenderOptions): Promise<string>;
  render(options: RenderOptions): Promise<Manifest[]>;
  helm(args: readonly string[]): Promise<string>;
  /** What tells Helm the values of a mode. */
  valuesOf(mode: ClusterMode, set?: RenderOptions["set"]): string[];
  close(): Promise<void>;
}

/** A copy of the charts with their dependencies beside them, so that the folder that they are in stays as it is. */
export async function prepareCharts(from = CHARTS): Promise<Charts> {
  const program = await findHelm();
  const folder = await mkdtemp(join(tmpdir(), "soma-charts-"));
  await cp(from, folder, { recursive: true, filter: (path) => !path.endsWith(".ts") });
  const helm = async (args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { cwd: folder, maxBuffer: 16 * 1_048_576 })).stdout;
  await helm(["dependency", "build", "soma-stack"]);
  const valuesOf: Charts["valuesOf"] = (mode, set = {}) => [
    ...["--values", `soma-stack/${OVERLAYS[mode]}-values.yaml`],
    ...Object.entries({ "global.image.registry": "registry.example.com/soma", ...set }).flatMap(([path, value]) => [
      "--set-json",
      `${path}=${JSON.stringify(value)}`,
    ]),
  ];
  const template = ({ mode, release = "one", set = {}, has = [], kubernetes }: RenderOptions): Promise<string> =>
    helm([
      ...["template", release, "soma-stack", "--namespace", "agents"],
      ...valuesOf(mode, set),
      ...(kubernetes === undefined ? [] : ["--kube-version", kubernetes]),
      ...has.flatMap((version) => ["--api-versions", version]),
    ]);
  return {
    template,
    valuesOf,
    render: async (options) => parseYamlStream(await template(options)),
    helm,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The containers of a manifest, by themselves or in a template. */
export function containersOf(manifest: Manifest): Manifest[] {
  const pod = manifest.kind === "Pod" ? manifest.spec : manifest.spec?.template?.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
}

export function byKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((each) => each.kind === kind);
}

/** The manifest of a kind and a part, in the release "one". */
export function partOf(manifests: readonly Manifest[], kind: string, part: string): Manifest {
  return byKind(manifests, kind).find(({ metadata }) => metadata.name === `one-${part}`);
}
