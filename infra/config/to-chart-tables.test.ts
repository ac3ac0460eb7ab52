import { REFUSALS } from "@soma/shared/refusals";
import { describe, expect, it } from "vitest";
import { listSettings } from "./list-settings.ts";
import { toChartTables } from "./to-chart-tables.ts";

const text = toChartTables(["dev_prod", "prod", "prod_ha"], listSettings());

function tableOf(name: string): unknown {
  const found = new RegExp(`define "${name}" -}}\\n(.*?)\\n{{- end }}`, "s").exec(text);
  return JSON.parse(found?.[1] ?? "");
}

describe("toChartTables()", () => {
  it("has every refusal, by its name and in the words of a start", () => {
    const rules = tableOf("soma.refusals") as { env: string; words: string }[];
    expect(rules.map(({ env }) => env)).toEqual(REFUSALS.map(({ env }) => env));
    const mtls = rules.find(({ env }) => env === "MTLS_ENABLED");
    const why = REFUSALS.find(({ env }) => env === "MTLS_ENABLED")?.why;
    expect(mtls?.words).toBe(`MTLS_ENABLED is <value>, which mode <mode> refuses: ${why}`);
  });

  it("shows no value of what may be a secret", () => {
    const rules = tableOf("soma.refusals") as { env: string; words: string; secret?: string }[];
    for (const env of ["SOMA_USER_SIGNING_KEY", "SOMA_KAFKA_SASL_PASSWORD", "SOMA_GATEWAY_REDIS_URL"])
      expect([env, rules.find((rule) => rule.env === env)?.words.includes("<value>")]).toEqual([env, false]);
  });

  it("has every alert, about one release whatever it selects already, and its words as they are", () => {
    const rules = tableOf("soma.alerts") as { alert: string; expr: string; annotations: { description: string } }[];
    const exprOf = (name: string): string | undefined => rules.find(({ alert }) => alert === name)?.expr;
    expect(exprOf("SomaDeadLetters")).toBe("max by (schema) (outbox_dead_rows{<of>}) > 0");
    expect(exprOf("SomaRequestsFail")).toContain('_count{<of>, status=~"5.."}[5m]');
    const waits = rules.find(({ alert }) => alert === "SomaEventsWait");
    expect(waits?.annotations.description).toContain("{{ $labels.schema }}");
  });

  it("opens no action of a template by what it says", () => {
    for (const name of ["soma.programs", "soma.readers", "soma.defaults", "soma.graph", "soma.refusals", "soma.alerts"])
      expect([name, text.split(`define "${name}" -}}`)[1]?.split("{{- end }}")[0]?.includes("{{")]).toEqual([
        name,
        false,
      ]);
  });
});
