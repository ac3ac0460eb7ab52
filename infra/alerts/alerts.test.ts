import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRIC, readAlerts } from "../config/to-chart-alerts.ts";

const docs = new URL("../../docs/", import.meta.url);
const metrics = readFileSync(new URL("operator/metrics.md", docs), "utf8");
const pages = globSync("**/*.md", { cwd: docs }).map((page) => readFileSync(new URL(page, docs), "utf8"));
const rules = readAlerts();

describe("the rules of alerts", () => {
  it("ask for metrics that the product counts, and for no others", () => {
    for (const { alert, expr } of rules) {
      const names = [...expr.matchAll(METRIC)].flatMap(([, name]) => (name === undefined ? [] : [name]));
      expect([alert, names.length > 0]).toEqual([alert, true]);
      const unknown = names.filter((name) => !metrics.includes(`\`${name.replace(/_(?:count|sum|bucket)$/, "")}\``));
      expect([alert, unknown]).toEqual([alert, []]);
    }
  });

  it("say how long they wait, how bad it is and what is wrong, each by a name of its own that a page explains", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule).toMatchObject({
        for: expect.stringMatching(/^\d+[smh]$/),
        labels: { severity: expect.stringMatching(/^(warning|critical)$/) },
        annotations: { summary: expect.any(String), description: expect.any(String) },
      });
      expect([rule.alert, pages.some((page) => page.includes(`\`${rule.alert}\``))]).toEqual([rule.alert, true]);
    }
  });
});
