/** What `infra/canary.sh` runs. */
import { parseArgs } from "node:util";
import { writeReport } from "@soma/local/write-report";
import { reasonOf } from "@soma/shared/config";
import { KEPT } from "../steps.ts";
import { systemClock } from "./clock.ts";
import { createEnvoyTraffic } from "./envoy-traffic.ts";
import { createIstioTraffic } from "./istio-traffic.ts";
import { measure } from "./measure.ts";
import { type CanaryPlan, readPlan } from "./read-plan.ts";
import { type CanaryReport, runCanary } from "./run-canary.ts";
import type { Traffic } from "./traffic.ts";

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`canary: ${reasonOf(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      release: { type: "string", default: "" },
      namespace: { type: "string", default: "" },
      steps: { type: "string" },
      json: { type: "string", default: `${KEPT}/canary.json` },
      // A step of a release tells it; the traffic is measured by who serves it.
      url: { type: "string" },
    },
  });
  const plan = readPlan(values, process.env);
  const { steps, pace, stable, canary, namespace } = plan;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());
  const { status } = await runCanary({
    ...{ steps, pace, clock: systemClock, signal: stop.signal, say: console.log },
    traffic: trafficOf(plan),
    measure: (signal) => measure(plan.measures, signal),
    keep: (report) => keepReport(values.json, { stable, canary, namespace, ...report }),
  });
  return status === "promoted" ? 0 : 1;
}

function trafficOf({ by, stable, canary, namespace }: CanaryPlan): Traffic {
  if (by.kind === "envoy") return createEnvoyTraffic({ ...by, stable, canary }, systemClock);
  return createIstioTraffic({ ...by, stable, canary, namespace }, process.env);
}

/** A report that cannot be written moves no traffic. */
async function keepReport(file: string, report: CanaryReport & Record<string, unknown>): Promise<void> {
  await writeReport(file, report).catch((error) => console.error(`canary: no report in ${file}: ${reasonOf(error)}`));
}
