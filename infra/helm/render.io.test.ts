import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { byKind, type Charts, CLUSTER_MODES, type Manifest, partOf, prepareCharts } from "./testing/charts.ts";
import { KUBERNETES, loadKubernetes } from "./testing/kubernetes-schemas.ts";
import { loadRules } from "./testing/load-rules.ts";

/** Kinds that others bring into a cluster; what they look like is tested beside, field by field. */
const FOREIGN = /^(monitoring\.coreos\.com|security\.istio\.io)\//;
const EVERYTHING = {
  has: ["custom.metrics.k8s.io/v1beta1", "monitoring.coreos.com/v1", "security.istio.io/v1"],
  set: {
    "global.cluster.vaultInjection": true,
    "global.cluster.istioInjection": true,
    "global.cluster.maxReplicas": 9,
    "global.env.SOMA_CONF_DIR": "/etc/soma",
    "global.conf.configMap": "our-conf",
    "global.modelKeys.OPENAI_API_KEY": { name: "soma-models", key: "openai" },
    "global.image.pullSecrets": ["registry"],
    "global.data.storageClass": "fast",
    "global.network.postgres.to": [{ ipBlock: { cidr: "10.1.0.0/16" } }],
  },
};

const JUDGE = fileURLToPath(new URL("judge.ts", import.meta.url));

let charts: Charts;
let findBroken: (manifests: readonly Manifest[]) => string[];
beforeAll(async () => {
  [charts, findBroken] = await Promise.all([prepareCharts(), loadRules()]);
}, 200_000);
afterAll(() => charts.close());

describe.each(KUBERNETES)("on Kubernetes %s", (kubernetes) => {
  it.each(CLUSTER_MODES)("the charts in mode %s have only fields that it knows, and keep every rule", async (mode) => {
    const findFaults = await loadKubernetes(kubernetes);
    const [plain, full] = await Promise.all([
      charts.render({ mode, kubernetes }),
      charts.render({ mode, kubernetes, ...EVERYTHING }),
    ]);
    for (const manifests of [plain, full]) {
      expect(manifests.filter(({ apiVersion }) => !FOREIGN.test(apiVersion)).flatMap(findFaults)).toEqual([]);
      expect(findBroken(manifests)).toEqual([]);
    }
    expect(plain.some(({ apiVersion }) => FOREIGN.test(apiVersion))).toBe(false);
    const [misspelled] = byKind(full, "Deployment");
    expect(findFaults({ ...misspelled, spec: { ...misspelled.spec, replicaz: 1 } })).toEqual([
      expect.stringContaining('"replicaz"'),
    ]);
  });
});

describe("the rules of render.rego", () => {
  let text: string;
  beforeAll(async () => {
    text = JSON.stringify(await charts.render({ mode: "prod" }));
  });
  const breaks: [string, (container: Manifest, pod: Manifest, all: Manifest[]) => unknown][] = [
    ["Deployment one-runs may run as root", (_, pod) => delete pod.securityContext.runAsNonRoot],
    ["Deployment one-runs may run as root", (_, pod) => (pod.securityContext.runAsUser = 0)],
    ["has rights that it does not need", (it) => (it.securityContext.capabilities.add = ["NET_ADMIN"])],
    ["has rights that it does not need", (it) => (it.securityContext.readOnlyRootFilesystem = false)],
    ["has rights that it does not need", (it) => (it.securityContext.runAsUser = 0)],
    ["is let to the node by hostNetwork", (_, pod) => (pod.hostNetwork = true)],
    ["mounts a folder of the node", (_, pod) => pod.volumes.push({ name: "node", hostPath: { path: "/" } })],
    ["is given a token of the cluster", (_, pod) => delete pod.automountServiceAccountToken],
    ["has the image registry:5000/soma-server, which", (it) => (it.image = "registry:5000/soma-server")],
    ["has the image soma-server:latest, which", (it) => (it.image = "soma-server:latest")],
    ["has no limits of memory", (it) => delete it.resources.limits],
    ["has no requests of cpu", (it) => delete it.resources.requests.cpu],
    ["is given A_TOKEN as it is", (it) => it.env.push({ name: "A_TOKEN", value: "t" })],
    ["is given URL as it is", (it) => it.env.push({ name: "URL", value: "amqp://u:p@host:1/a" })],
    ["is given KEY as it is", (it) => it.env.push({ name: "KEY", value: '{"kty": "OKP", "d" : "s"}' })],
    ["is given KEY as it is", (it) => it.env.push({ name: "KEY", value: "-----BEGIN PRIVATE KEY-----" })],
    ["Secret s has values of secrets in it", (...[, , all]) => all.push({ kind: "Secret", metadata: { name: "s" } })],
    ["Role r gives rights", (...[, , all]) => all.push({ kind: "Role", metadata: { name: "r" } })],
    ["has no readinessProbe", (it) => delete it.readinessProbe],
    ["is in no policy of the network", (...[, , all]) => remove(all, "NetworkPolicy")],
    ["is in no policy of the network", (...[, , all]) => partOf(all, "NetworkPolicy", "runs").spec.policyTypes.pop()],
    ["has several pods, and no budget", (...[, , all]) => remove(all, "PodDisruptionBudget")],
  ];
  const remove = (all: Manifest[], kind: string): void => {
    all.splice(all.indexOf(partOf(all, kind, "runs")), 1);
  };

  it.each(breaks)("tell what breaks one: %s", (fault, change) => {
    const all = JSON.parse(text) as Manifest[];
    const pod = partOf(all, "Deployment", "runs").spec.template.spec;
    change(pod.containers[0], pod, all);
    expect(findBroken(all)).toEqual([expect.stringContaining(fault)]);
  });
});

describe("judge.ts", () => {
  it("says what breaks a rule in what Helm prints, and ends with 1", async () => {
    const judge = (values: object): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [JUDGE], { input: JSON.stringify(values), encoding: "utf8" });
    const [service] = byKind(await charts.render({ mode: "prod" }), "Service");
    expect(judge(service)).toMatchObject({ status: 0, stdout: "none of 1 manifests breaks a rule\n" });
    const secret = { kind: "Secret", metadata: { name: "s" } };
    expect(judge(secret)).toMatchObject({ status: 1, stdout: "Secret s has values of secrets in it\n" });
  });
});

describe("an upgrade", () => {
  it("changes nothing that a cluster lets nobody change: what stands in lasting.json, which may only grow", async () => {
    const manifests = await charts.render({ mode: "prod_ha" });
    const lasting = [
      ...byKind(manifests, "Deployment").map(({ kind, metadata, spec }) => [kind, metadata.name, spec.selector]),
      ...byKind(manifests, "Service").map(({ kind, metadata, spec }) => [
        kind,
        metadata.name,
        { selector: spec.selector, clusterIP: spec.clusterIP ?? "any" },
      ]),
      ...byKind(manifests, "PersistentVolumeClaim").map(({ kind, metadata, spec }) => [kind, metadata.name, spec]),
    ];
    expect(lasting).toEqual(JSON.parse(readFileSync(new URL("testing/lasting.json", import.meta.url), "utf8")));
  });
});
