import { describe, expect, it } from "vitest";
import { readProcessSettings } from "./run-main.ts";

const OTLP = "http://collector.test:4318";

describe("readProcessSettings()", () => {
  it("exports spans where an address is set, unless OTEL_ENABLED says no", () => {
    const endpoint = (env: Record<string, string>) => readProcessSettings(env).otlpEndpoint;
    expect(endpoint({})).toBe("");
    expect(endpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP })).toBe(OTLP);
    expect(endpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_ENABLED: "true" })).toBe(OTLP);
    expect(endpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_ENABLED: "false" })).toBe("");
    expect(() => endpoint({ OTEL_ENABLED: "true" })).toThrow("OTEL_EXPORTER_OTLP_ENDPOINT is not set");
  });

  it("refuses metrics that are to be scraped where nobody finds them", () => {
    const read = (host: string, port: string) =>
      readProcessSettings({ PROMETHEUS_SCRAPE: "true", SOMA_METRICS_HOST: host, SOMA_METRICS_PORT: port });
    expect(read("0.0.0.0", "9464")).toMatchObject({ scraped: true, metricsPort: 9_464 });
    for (const [host, port] of [
      ["", "9464"],
      ["localhost", "9464"],
      ["0.0.0.0", "0"],
    ] as const)
      expect(() => read(host, port)).toThrow("PROMETHEUS_SCRAPE is true, and the metrics are at");
  });
});
