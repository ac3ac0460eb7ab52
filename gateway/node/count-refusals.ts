import { counter } from "@soma/shared/metrics";

const refused = counter("gateway_refused_total", "What a bound refused or ended, by bound", ["bound"]);

/** Tells metrics that a bound was reached. */
export function countRefusal(bound: string): void {
  refused.inc({ bound });
}
