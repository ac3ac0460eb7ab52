import { readFileSync } from "node:fs";
import { loadMode, plainOf, secretsOf } from "@soma/conf/modes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JOBS, listSettings, PARTS } from "../config/list-settings.ts";
import { toReaders } from "../config/service-graph.ts";
import { inRelease } from "../config/to-helm.ts";
import {
  byKind,
  type Charts,
  CLUSTER_MODES,
  containersOf,
  type Manifest,
  partOf,
  prepareCharts,
} from "./testing/charts.ts";

const readers = toReaders(listSettings());
let charts: Charts;
beforeAll(async () => {
  charts = await prepareCharts();
});
afterAll(() => charts.close());

describe.each(CLUSTER_MODES)("the charts in mode %s", (mode) => {
  let manifests: Manifest[];
  beforeAll(async () => {
    manifests = await charts.render({ mode });
  });
  it("pass helm lint, and are the same to the byte each time", async () => {
    expect(await charts.helm(["lint", "soma-stack", ...charts.valuesOf(mode)])).toContain("0 chart(s) failed");
    expect(await charts.template({ mode })).toBe(await charts.template({ mode }));
  });

  it("have a Deployment and a Service of each part, and a Job of each job", () => {
    const names = (kind: string): string[] => byKind(manifests, kind).map(({ metadata }) => metadata.name);
    const parts = PARTS.map((part) => `one-${part}`).toSorted();
    expect(names("Deployment").toSorted()).toEqual(parts);
    expect(names("Service").toSorted()).toEqual(parts);
    expect(names("Job").toSorted()).toEqual(JOBS.map((job) => `one-${job}`));
  });

  it("give each container what it reads, as the mode has it, and nothing else", () => {
    const plain = plainOf(loadMode(mode));
    const secrets = secretsOf(loadMode(mode));
    const reads = (part: string, names: object): string[] =>
      Object.keys(names).filter((name) => readers[name]?.includes(part));
    for (const part of [...PARTS, ...JOBS]) {
      const kind = (JOBS as readonly string[]).includes(part) ? "Job" : "Deployment";
      const [container] = containersOf(partOf(manifests, kind, part));
      const given: Manifest[] = container.env ?? [];
      const values = Object.fromEntries(
        given.filter((each) => "value" in each).map(({ name, value }) => [name, value]),
      );
      const wanted = reads(part, plain).map((name) => [
        name,
        inRelease(plain[name] ?? "").replace("{{ .Release.Name }}", "one"),
      ]);
      const own = part === "memory" ? { SOMA_EVENT_BUS: "hold" } : {};
      expect([part, values]).toEqual([part, { ...Object.fromEntries(wanted), ...own }]);
      const kept = given
        .filter((each) => "valueFrom" in each)
        .map(({ name, valueFrom }) => {
          const { name: secret, key } = valueFrom.secretKeyRef;
          return [name, `${secret}/${key}`];
        });
      expect([part, Object.fromEntries(kept)]).toEqual([
        part,
        Object.fromEntries(reads(part, secrets).map((name) => [name, secrets[name]])),
      ]);
    }
  });

  it("ask each part how it is at the door of its operator, and give it longer to stop than it takes", () => {
    for (const { spec } of byKind(manifests, "Deployment")) {
      const [container] = spec.template.spec.containers;
      for (const probe of ["startupProbe", "livenessProbe"])
        expect(container[probe].httpGet).toEqual({ path: "/healthz", port: "metrics" });
      expect(container.readinessProbe.httpGet).toEqual({ path: "/readyz", port: "metrics" });
      expect(container.ports.at(-1)).toEqual({ name: "metrics", containerPort: 9464 });
      const { preStop } = container.lifecycle;
      expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStop.sleep.seconds + 2 * 25);
    }
  });

  it("make the tables, and then the topics, before anything of a new version starts", () => {
    const weights = byKind(manifests, "Job").map(({ metadata }) => [
      metadata.name,
      metadata.annotations["helm.sh/hook"],
      Number(metadata.annotations["helm.sh/hook-weight"]),
    ]);
    expect(weights.toSorted()).toEqual([
      ["one-tables", "pre-install,pre-upgrade", -10],
      ["one-topics", "pre-install,pre-upgrade", -5],
    ]);
    expect(containersOf(partOf(manifests, "Job", "tables"))[0].args).toEqual(["infra/local/tables.ts"]);
    expect(containersOf(partOf(manifests, "Job", "topics"))[0].args).toEqual(["infra/cli/soma.js", "topics", "apply"]);
    const account = partOf(manifests, "ServiceAccount", "prepare");
    expect(Number(account.metadata.annotations["helm.sh/hook-weight"])).toBeLessThan(-10);
  });

  it("run programs that there are", () => {
    for (const manifest of [...byKind(manifests, "Deployment"), ...byKind(manifests, "Job")])
      for (const { args } of containersOf(manifest))
        expect(readFileSync(new URL(`../../${args[0]}`, import.meta.url), "utf8").length).toBeGreaterThan(0);
  });

  it("stand beside another release in one namespace: no name is both's, and no selector takes the other's pods", async () => {
    const other = await charts.render({ mode, release: "two" });
    const names = new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    expect(names.size).toBe(manifests.length);
    expect(other.filter(({ kind, metadata }) => names.has(`${kind} ${metadata.name}`))).toEqual([]);
    for (const { kind, metadata, spec } of [...byKind(manifests, "Service"), ...byKind(manifests, "Deployment")]) {
      const selector = kind === "Service" ? spec.selector : spec.selector.matchLabels;
      // What a Deployment selects by cannot be changed by any later version.
      expect(Object.keys(selector)).toEqual(["app.kubernetes.io/name", "app.kubernetes.io/instance"]);
      const takes = (each: Manifest): boolean =>
        Object.entries(selector).every(([name, value]) => each.spec.template.metadata.labels[name] === value);
      expect(byKind(manifests, "Deployment").filter(takes)).toHaveLength(1);
      expect([metadata.name, byKind(other, "Deployment").filter(takes)]).toEqual([metadata.name, []]);
    }
  });
});
