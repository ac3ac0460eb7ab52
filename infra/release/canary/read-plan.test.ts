import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { queriesOf } from "./measure.ts";
import { CANARY_SETTINGS, readPlan } from "./read-plan.ts";

const ASKED = { release: "soma-green", namespace: "agents" };
const ENV = {
  CANARY_PROMETHEUS_URL: "http://prometheus:9090",
  CANARY_STABLE: "soma-blue",
  CANARY_TRAFFIC: "istio",
  CANARY_VIRTUAL_SERVICE: "front",
};
const ENVOY = { CANARY_TRAFFIC: "envoy", CANARY_ENVOY_FILE: "/routes/soma.json", CANARY_ENVOY_ADMIN: "http://e:9901" };

describe("readPlan()", () => {
  it("measures what the chart's own labels say of the new release, unless it is told others", () => {
    const of = 'namespace="agents",app_kubernetes_io_instance="soma-green"';
    expect(readPlan(ASKED, ENV)).toMatchObject({
      ...{ steps: [5, 25, 50, 100], stable: "soma-blue", canary: "soma-green" },
      pace: { stepMs: 300_000, checkMs: 15_000, patienceMs: 120_000 },
      measures: { selector: of, runsSelector: of, minRequests: 50 },
      by: { kind: "istio", virtualService: "front", port: 4700 },
    });
    const { measures } = readPlan(ASKED, { ...ENV, CANARY_SELECTOR: 'pod="a"' });
    expect(measures).toMatchObject({ selector: 'pod="a"', runsSelector: 'pod="a"' });
    expect(readPlan(ASKED, { ...ENV, ...ENVOY }).by).toMatchObject({ kind: "envoy", routes: "soma" });
  });

  it.each<[string, Partial<typeof ASKED & { steps: string }>, Record<string, string>, RegExp]>([
    ["everything that is not set", {}, { CANARY_STABLE: "", CANARY_VIRTUAL_SERVICE: "" }, /STABLE.*VIRTUAL_SERVICE/s],
    ["an Envoy that is not said", {}, { CANARY_TRAFFIC: "envoy" }, /ENVOY_FILE.*ENVOY_ADMIN/s],
    ["names that are options", { release: "--all" }, { CANARY_STABLE: "-o" }, /CANARY_STABLE.*--release "--all"/s],
    ["labels that end a selector", {}, { CANARY_SELECTOR: 'a="b"}' }, /CANARY_SELECTOR/],
    ["one release as both", {}, { CANARY_STABLE: "soma-green" }, /CANARY_STABLE is soma-green, which is the new/],
    ["a window beyond its step", {}, { CANARY_STEP_S: "60", CANARY_PATIENCE_S: "60" }, /WINDOW_S is 120, more than/],
    ["a latency that no bucket shows", {}, { CANARY_MAX_P95_MS: "60000" }, /from 1 to 30000/],
    ["steps that do not grow to 100", { steps: "5,50" }, {}, /grow to 100, not 5, 50/],
    ["steps that are no numbers", { steps: "5,all" }, {}, /grow to 100/],
  ])("refuses %s", (_, asked, env, words) => {
    expect(() => readPlan({ ...ASKED, ...asked }, { ...ENV, ...env })).toThrow(words);
  });
});

describe("docs/operator/canary.md", () => {
  const page = readFileSync(new URL("../../../docs/operator/canary.md", import.meta.url), "utf8");

  it("has a row of each setting, with its default", () => {
    const rows = Object.values(CANARY_SETTINGS).map(({ env, default: otherwise }) =>
      otherwise === undefined || otherwise === "" ? `| \`${env}\` | |` : `| \`${env}\` | ${otherwise} |`,
    );
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
    expect(page.match(/^\| `CANARY_/gm)).toHaveLength(rows.length);
  });

  it("names the metrics of the queries, which the page of metrics names too", () => {
    const queries = Object.values(queriesOf(readPlan(ASKED, ENV).measures)).join();
    const series = queries.match(/[a-z]+(?:_[a-z]+)+(?=\{)/g) ?? [];
    const named = [...new Set(series.map((name) => name.replace(/_(bucket|count)$/, "")))].toSorted();
    expect(named).toEqual(["http_server_request_duration_seconds", "soma_runs_finished_total"]);
    const metrics = readFileSync(new URL("../../../docs/operator/metrics.md", import.meta.url), "utf8");
    for (const name of named) expect([page, metrics].filter((text) => text.includes(`\`${name}\``))).toHaveLength(2);
  });
});
