import { SomaError } from "../errors.ts";

/** What a public port answers whoever looks for metrics there. */
export function metricsAreElsewhere(): SomaError {
  return new SomaError("NOT_FOUND", "metrics are not served here but on the operator's port, SOMA_METRICS_PORT");
}
