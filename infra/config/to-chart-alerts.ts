import { globSync } from "node:fs";
import { readYaml } from "@soma/conf/read-conf";

const ALERTS = new URL("../alerts/", import.meta.url);

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A metric with its selector, or the names of labels that results are grouped by, which are none. */
export const METRIC = /\b(?:by|without|on|ignoring) *\([^)]*\)|\b([a-z]+(?:_[a-z]+)+)\b(?! *\()(?:\{([^}]*)\})?/g;

/** Every rule of infra/alerts/, in the order of its files. */
export function readAlerts(): Rule[] {
  const files = globSync("*.yaml", { cwd: ALERTS }).toSorted();
  return files.flatMap((file) =>
    (readYaml(new URL(file, ALERTS)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules),
  );
}

/** The same, each about one release: templates put what selects it in the place of `<of>`. */
export function toChartAlerts(rules: readonly Rule[]): Rule[] {
  const select = (whole: string, name: string | undefined, labels: string | undefined): string =>
    name === undefined ? whole : `${name}{<of>${labels === undefined ? "" : `, ${labels}`}}`;
  return rules.map((rule) => ({ ...rule, expr: rule.expr.replaceAll(METRIC, select) }));
}
