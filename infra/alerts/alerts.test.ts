import { globSync, readFileSync } from "node:fs";
import { readYaml } from "@soma/conf/read-conf";
import { describe, expect, it } from "vitest";

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

const here = new URL("./", import.meta.url);
const files = globSync("*.yaml", { cwd: here });
const rulesOf = (file: string): Rule[] =>
  (readYaml(new URL(file, here)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
const metrics = readFileSync(new URL("../../docs/operator/metrics.md", here), "utf8");
const page = readFileSync(new URL("../../docs/operator/identity.md", here), "utf8");

describe.each(files)("the rules of %s", (file) => {
  const rules = rulesOf(file);

  it("ask for metrics that the product counts, and for no others", () => {
    for (const { alert, expr } of rules) {
      const names = expr.match(/\bsoma_[a-z_]+/g) ?? [];
      expect([alert, names.length > 0]).toEqual([alert, true]);
      expect([alert, names.filter((name) => !metrics.includes(`\`${name}\``))]).toEqual([alert, []]);
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
      expect([rule.alert, page.includes(`\`${rule.alert}\``)]).toEqual([rule.alert, true]);
    }
  });
});

it("there are rules to look at", () => {
  expect(files.length).toBeGreaterThan(0);
});
