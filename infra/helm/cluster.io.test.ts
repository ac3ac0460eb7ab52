import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { loadMode, plainOf } from "@soma/conf/modes";
import { readYaml } from "@soma/conf/read-conf";
import { findRefused } from "@soma/shared/refusals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab } from "../../gateway/testing/lab.ts";
import { listSettings } from "../config/list-settings.ts";
import { toServiceGraph } from "../config/service-graph.ts";
import { readAlerts, toChartAlerts } from "../config/to-chart-alerts.ts";
import { byKind, type Charts, containersOf, type Manifest, partOf, prepareCharts } from "./testing/charts.ts";

const EVERYTHING = ["custom.metrics.k8s.io/v1beta1", "monitoring.coreos.com/v1", "security.istio.io/v1"];
const said = readFileSync(new URL("../../docs/operator/metrics.md", import.meta.url), "utf8");

let charts: Charts;
beforeAll(async () => {
  charts = await prepareCharts();
});
afterAll(() => charts.close());

const failure = async (options: Parameters<Charts["template"]>[0]): Promise<string> =>
  charts.template(options).then(
    () => "",
    (error: { stderr: string }) => error.stderr,
  );

describe("what the charts refuse", () => {
  it.each([
    ["MTLS_ENABLED", "false"],
    ["OPA_ENABLED", "false"],
    ["USE_REAL_INFRA", "false"],
    ["SOMA_GATEWAY_INTROSPECTION", "on"],
    ["SOMA_KAFKA_TLS", "off"],
    ["SOMA_EVENT_BUS", "local"],
  ])("says of %s=%s what a process would say at its start", async (name, value) => {
    const words = findRefused({ ...plainOf(loadMode("prod")), [name]: value }, { mode: "prod" });
    expect(words.length).toBeGreaterThan(0);
    const told = await failure({ mode: "prod", set: { [`global.env.${name}`]: value } });
    for (const each of words) expect(told).toContain(`  - ${each}`);
  });

  it("says it of a key that comes from a secret, and of everything at once", async () => {
    const key = "global.secretEnv.SOMA_USER_SIGNING_KEY";
    const told = await failure({
      mode: "prod_ha",
      set: { [key]: { name: "a", key: "b", parts: ["gateway"] }, "global.env.MTLS_ENABLED": "false" },
    });
    expect(told).toContain("the configuration has 2 faults:");
    expect(told).toContain(
      "SOMA_USER_SIGNING_KEY is set, which mode prod_ha refuses: signing in by a link is for one machine",
    );
  });

  it("takes in dev_prod what only production refuses, and in production what weakens nothing", async () => {
    expect(await failure({ mode: "dev_prod" })).toBe("");
    expect(await failure({ mode: "prod", set: { "global.env.SOMA_LOG_LEVEL": "warn" } })).toBe("");
  });

  it("refuses what would be of no use: no registry, an image without a version, files that nobody reads, a door on loopback", async () => {
    const set = {
      "global.image.registry": "",
      "global.image.tag": "latest",
      "global.conf.configMap": "our-conf",
      "global.env.SOMA_METRICS_HOST": "127.0.0.1",
    };
    const told = await failure({ mode: "prod", release: "a".repeat(41), set });
    expect(told).toContain("the configuration has 5 faults:");
    expect(told).toContain("global.conf.configMap is our-conf, which is read by nobody while SOMA_CONF_DIR is not set");
    expect(told).toContain("SOMA_METRICS_HOST is 127.0.0.1, where nobody outside of the pod is answered");
    expect(await failure({ mode: "prod", set: { "global.env.SOMA_KAFKA_TSL": "on" } })).toContain("SOMA_KAFKA_TSL");
  });
});

describe("the network of a release", () => {
  const graph = toServiceGraph(listSettings());
  let manifests: Manifest[];
  beforeAll(async () => {
    manifests = await charts.render({ mode: "prod", has: EVERYTHING });
  });
  const outOf = (part: string, of = manifests): unknown[] =>
    partOf(of, "NetworkPolicy", part).spec.egress.flatMap(({ ports }: Manifest) =>
      ports.map(({ port }: Manifest) => port),
    );
  const partIn = ({ podSelector }: Manifest): string => podSelector.matchLabels["app.kubernetes.io/name"];

  it("has a policy for each part and job, with the edges of the graph and no others", () => {
    for (const [part, { calls }] of Object.entries(graph)) {
      const { spec } = partOf(manifests, "NetworkPolicy", part);
      expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
      const asked = spec.egress.filter(({ ports }: Manifest) => ports[0].port === "http");
      expect([part, asked.flatMap(({ to }: Manifest) => to.map(partIn))]).toEqual([part, calls]);
      const callers = Object.keys(graph).filter((each) => graph[each]?.calls.includes(part));
      const doors = spec.ingress.filter(({ ports }: Manifest) => ports[0].port === "http");
      const from = doors.flatMap((door: Manifest) => (door.from ?? []).map(partIn));
      expect([part, from.toSorted()]).toEqual([part, callers.toSorted()]);
      expect([part, doors.length]).toEqual([part, part === "gateway" || callers.length > 0 ? 1 : 0]);
    }
  });

  it("lets parts out to the ports that stand in their settings, and tools to no network of one's own", () => {
    expect(outOf("gateway")).toEqual([53, 53, "http", "http", "http", "http", 6379, 4318, 15012]);
    expect(outOf("outbox-sync")).toEqual([53, 53, 5432, 9093, 4318, 15012]);
    expect(outOf("memory")).not.toContain(9093);
    expect(outOf("tables")).toEqual([53, 53, 5432]);
    const web = partOf(manifests, "NetworkPolicy", "tools").spec.egress.find(
      ({ ports }: Manifest) => ports[0].port === 80,
    );
    expect(web.to[0].ipBlock.except).toContain("10.0.0.0/8");
  });

  it("lets those to a SomaBrain who ask it, where one is set, and nobody else", async () => {
    const told = await charts.render({
      mode: "prod",
      set: { "global.env.SOMA_BASE_URL": "http://brain.example.com:9696" },
    });
    for (const part of ["memory", "outbox-sync"]) {
      expect([part, outOf(part, told)]).toEqual([part, expect.arrayContaining([9696])]);
      expect(outOf(part)).not.toContain(9696);
    }
    for (const part of ["gateway", "runs", "worker"]) expect([part, outOf(part, told)]).toEqual([part, outOf(part)]);
  });

  it("lets the gateway to an issuer where one is set, and to nobody else", async () => {
    const set = { "global.env.SOMA_OIDC_JWKS_URL": "https://login.example.com:8443/certs" };
    const told = await charts.render({ mode: "prod", set });
    expect(outOf("gateway", told).slice(-4)).toEqual([4318, 443, 8443, 15012]);
    for (const part of ["runs", "policy", "worker"]) expect([part, outOf(part, told)]).toEqual([part, outOf(part)]);
  });

  it("has the mesh hold the same edges, and mutual TLS, where there is one", async () => {
    const [peers] = byKind(manifests, "PeerAuthentication");
    expect(peers.spec.mtls.mode).toBe("STRICT");
    const policy = partOf(manifests, "AuthorizationPolicy", "policy");
    expect(policy.spec.rules[0]).toEqual({
      from: [
        {
          source: {
            principals: ["*/ns/agents/sa/one-gateway", "*/ns/agents/sa/one-tools", "*/ns/agents/sa/one-worker"],
          },
        },
      ],
      to: [{ operation: { ports: ["4703"] } }],
    });
    const labels = partOf(manifests, "Deployment", "runs").spec.template.metadata.labels;
    expect(labels["sidecar.istio.io/inject"]).toBe("true");
    expect(partOf(manifests, "Job", "tables").spec.template.metadata.labels["sidecar.istio.io/inject"]).toBe("false");
    const without = await charts.render({ mode: "dev_prod", has: EVERYTHING });
    expect([...byKind(without, "PeerAuthentication"), ...byKind(without, "AuthorizationPolicy")]).toEqual([]);
  });
});

describe("how many processes there are", () => {
  it.each([
    ["dev_prod", 1, 0, 0, undefined],
    ["prod", undefined, 7, 7, "ScheduleAnyway"],
    ["prod_ha", undefined, 7, 7, "DoNotSchedule"],
  ] as const)("in %s: replicas, autoscalers, budgets, and zones", async (mode, replicas, scalers, budgets, zones) => {
    const manifests = await charts.render({ mode });
    const { spec } = partOf(manifests, "Deployment", "gateway");
    expect(spec.replicas).toBe(replicas);
    expect(byKind(manifests, "HorizontalPodAutoscaler")).toHaveLength(scalers);
    expect(byKind(manifests, "PodDisruptionBudget")).toHaveLength(budgets);
    const spread: Manifest[] = spec.template.spec.topologySpreadConstraints ?? [];
    expect(spread.find(({ topologyKey }) => topologyKey === "topology.kubernetes.io/zone")?.whenUnsatisfiable).toBe(
      zones,
    );
  });

  it("follows what each part has in hand where the cluster has such metrics, and the CPU alone where not", async () => {
    const asked = async (has: string[], set = {}): Promise<Record<string, string>> =>
      Object.fromEntries(
        byKind(await charts.render({ mode: "prod", has, set }), "HorizontalPodAutoscaler").flatMap(({ spec }) =>
          spec.metrics
            .filter(({ type }: Manifest) => type === "Pods")
            .map(({ pods }: Manifest) => [pods.metric.name, pods.target.averageValue]),
        ),
      );
    const metrics = await asked(EVERYTHING, { "global.env.SOMA_WORKER_SLOTS": "100" });
    expect(metrics).toEqual({
      gateway_operations_in_flight: "40",
      outbox_oldest_age_seconds: "10",
      soma_runs_active: "75",
      soma_tools_running: "12",
    });
    expect(await asked([])).toEqual({});
    const rules = JSON.stringify(readYaml(new URL("adapter-rules.yaml", import.meta.url)));
    for (const name of Object.keys(metrics))
      expect([name, said.includes(`\`${name}\``), rules.includes(name)]).toEqual([name, true, true]);
  });
});

describe("what is watched, and where files are from", () => {
  it("alerts as infra/alerts/ has it, of this release alone, where there is a Prometheus that takes rules", async () => {
    const manifests = await charts.render({ mode: "prod", has: EVERYTHING });
    const [rule] = byKind(manifests, "PrometheusRule");
    const of = 'namespace="agents", app_kubernetes_io_instance="one"';
    const known = readAlerts();
    expect(known.length).toBeGreaterThan(5);
    expect(rule.spec.groups[0].rules).toEqual(
      toChartAlerts(known).map((each) => ({ ...each, expr: each.expr.replaceAll("<of>", of) })),
    );
    const [monitor] = byKind(manifests, "ServiceMonitor");
    expect(monitor.spec.targetLabels).toContain("app.kubernetes.io/instance");
    expect(monitor.spec.selector.matchLabels["app.kubernetes.io/instance"]).toBe("one");
    const quiet = await charts.render({ mode: "prod" });
    expect([...byKind(quiet, "PrometheusRule"), ...byKind(quiet, "ServiceMonitor")]).toEqual([]);
  });

  it("mounts a secret for the files of Kafka, or has an agent of Vault write them, for those that read them", async () => {
    const set = { "global.cluster.vaultInjection": true };
    const [mounted, injected] = await Promise.all([
      charts.render({ mode: "prod" }),
      charts.render({ mode: "prod", set }),
    ]);
    const filesOf = (each: Manifest): string[] =>
      (each.spec.template.spec.volumes as Manifest[]).flatMap(({ secret }) =>
        (secret?.items ?? []).map(({ key }: Manifest) => key),
      );
    for (const part of ["worker", "tools", "policy", "outbox-sync"])
      expect([part, filesOf(partOf(mounted, "Deployment", part))]).toEqual([part, ["kafka-ca.pem", "kafka-password"]]);
    for (const part of ["gateway", "runs", "memory"]) expect(filesOf(partOf(mounted, "Deployment", part))).toEqual([]);
    const { annotations } = partOf(injected, "Job", "topics").spec.template.metadata;
    expect(annotations["vault.hashicorp.com/agent-pre-populate-only"]).toBe("true");
    expect(annotations["vault.hashicorp.com/agent-inject-template-kafka-password"]).toContain(
      'index .Data.data "kafka-password"',
    );
    expect(filesOf(partOf(injected, "Deployment", "worker"))).toEqual([]);
  });

  it("keeps what tools have written, gives models their keys, and mounts the files that operators set", async () => {
    const manifests = await charts.render({
      mode: "prod",
      set: {
        "global.env.SOMA_CONF_DIR": "/etc/soma",
        "global.conf.configMap": "our-conf",
        "global.modelKeys.OPENAI_API_KEY.name": "soma-models",
        "global.modelKeys.OPENAI_API_KEY.key": "openai",
      },
    });
    expect(partOf(manifests, "PersistentVolumeClaim", "tools").metadata.annotations["helm.sh/resource-policy"]).toBe(
      "keep",
    );
    const has = (part: string, name: string): boolean =>
      containersOf(partOf(manifests, "Deployment", part))[0].env.some((each: Manifest) => each.name === name);
    expect(["worker", "runs", "gateway", "tools"].filter((part) => has(part, "OPENAI_API_KEY"))).toEqual([
      "worker",
      "runs",
    ]);
    const mounts = containersOf(partOf(manifests, "Deployment", "worker"))[0].volumeMounts;
    expect(mounts).toContainEqual({ name: "conf", mountPath: "/etc/soma", readOnly: true });
  });
});

describe("what is told and asked after an install", () => {
  it("names the mode, and the commands by the names of the release", async () => {
    const dry = ["install", "one", "soma-stack", "--namespace", "agents", "--dry-run=client"];
    const [, notes] = (await charts.helm([...dry, ...charts.valuesOf("prod")])).split("\nNOTES:\n");
    expect(notes).toContain("is installed as one, in mode prod.");
    expect(notes).toContain("helm --namespace agents test one");
    expect(notes).toContain("kubectl --namespace agents port-forward service/one-gateway 4700");
  });

  it("has helm test end as the gateway is: with 0 when all of it is ready, with 1 and the reason when a subgraph is away", async () => {
    const lab = await createLab({}, { hosts: ["agents.example.com"] });
    try {
      const { hostname, port } = new URL(lab.url);
      const [container] = containersOf(partOf(await charts.render({ mode: "prod" }), "Pod", "ready"));
      const args = (container.args as string[]).map((arg) =>
        arg.replace("one-gateway", hostname).replace("4700", port),
      );
      const ask = (): Promise<{ stdout: string; code: number }> =>
        promisify(execFile)(process.execPath, args).then(
          ({ stdout }) => ({ stdout, code: 0 }),
          (error: { stdout: string; code: number }) => error,
        );
      expect(await ask()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^200 .*\n401 /s) });
      await lab.stopRuns();
      expect(await ask()).toMatchObject({ code: 1, stdout: expect.stringMatching(/^503 .*runs/s) });
    } finally {
      await lab.close();
    }
  });
});
