import type { Charts, ClusterMode, Manifest } from "../../infra/helm/testing/charts.ts";
import type { ControlPlane } from "./control-plane.ts";

export const NAMESPACE = "agents";
const PARTS = 7;
/** What Kubernetes puts into every namespace, and what it tells of what happened. */
const NOT_OURS = /^(Event |ConfigMap kube-root-ca\.crt$|ServiceAccount default$)/;

/** A release of `soma-stack` in a cluster. */
export interface Release {
  name: string;
  mode: ClusterMode;
  plane: ControlPlane;
  /** Helm in that cluster and namespace. */
  helm(args: readonly string[], charts?: Charts): Promise<string>;
}

export function releaseOf(name: string, mode: ClusterMode, where: { plane: ControlPlane; charts: Charts }): Release {
  const place = ["--kubeconfig", where.plane.kubeconfig, "--namespace", NAMESPACE];
  return { name, mode, plane: where.plane, helm: (args, charts = where.charts) => charts.helm([...args, ...place]) };
}

/** Installs or upgrades as docs/operator/helm.md has it, with images of a tag. */
export function deploy(
  release: Release,
  charts: Charts,
  { tag, timeout, more = [] }: { tag: string; timeout: string; more?: string[] },
): Promise<string> {
  const values = charts.valuesOf(release.mode, { "global.image.tag": tag });
  const waits = ["--wait", "--timeout", timeout, ...more];
  return release.helm(["upgrade", "--install", release.name, "soma-stack", ...values, ...waits], charts);
}

export async function list({ plane }: Release, kinds: string, ...more: string[]): Promise<Manifest[]> {
  const said = await plane.kubectl(["--namespace", NAMESPACE, "get", kinds, "--output", "json", ...more]);
  return (JSON.parse(said) as { items: Manifest[] }).items;
}

/** Deployments of a release that do not have all of their pods ready, of one tag and as many as their autoscaler wants at least. */
export async function findUnready(release: Release, tag: string): Promise<string[]> {
  const own = ["--selector", `app.kubernetes.io/instance=${release.name}`];
  const deployments = await list(release, "deployments", ...own);
  if (deployments.length !== PARTS) return [`there are ${deployments.length} Deployments, and not ${PARTS}`];
  const scalers = await list(release, "horizontalpodautoscalers", ...own);
  const fewest = new Map(scalers.map(({ metadata, spec }) => [metadata.name, spec.minReplicas as number]));
  return deployments
    .filter(({ spec, status, metadata }) => {
      const image: string = spec.template.spec.containers[0].image;
      const told = status.observedGeneration === metadata.generation && image.endsWith(`:${tag}`);
      const wanted = Math.max(spec.replicas, fewest.get(metadata.name) ?? 1);
      return !(told && [status.replicas, status.updatedReplicas, status.availableReplicas].every((n) => n === wanted));
    })
    .map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status)}`);
}

export async function podsOf(release: Release): Promise<string[]> {
  const pods = await list(release, "pods", "--selector", `app.kubernetes.io/instance=${release.name}`);
  return pods.map(({ metadata }) => metadata.name as string).toSorted();
}

/** Everything in the namespace that is not Kubernetes' own, and what has our label outside of namespaces. */
export async function listLeft(release: Release): Promise<string[]> {
  const kinds = async (namespaced: boolean): Promise<string> => {
    const args = ["api-resources", "--verbs=list", `--namespaced=${namespaced}`, "--output", "name"];
    const names = (await release.plane.kubectl(args)).trim().split("\n");
    return names.filter((name) => name !== "componentstatuses").join();
  };
  const [inside, outside] = await Promise.all([
    list(release, await kinds(true)),
    list(release, await kinds(false), "--selector", "app.kubernetes.io/part-of=somaagent01"),
  ]);
  const names = [...inside, ...outside].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return [...new Set(names)].filter((name) => !NOT_OURS.test(name)).toSorted();
}
