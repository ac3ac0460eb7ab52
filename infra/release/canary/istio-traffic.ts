import { execFile } from "node:child_process";
import { isDeepStrictEqual, promisify } from "node:util";
import { isRecord } from "@soma/schemas/json";
import { sharesOf, type Traffic } from "./traffic.ts";

interface Options {
  stable: string;
  canary: string;
  namespace: string;
  virtualService: string;
  port: number;
}

/** The cluster has ten seconds for its answer, and kubectl some more to say that there was none. */
const WITHIN = "10s";
const KILLED_AFTER_MS = 15_000;

/** Weights of the first route of a VirtualService, whose destinations are those of the canary alone. */
export function createIstioTraffic(options: Options, env: NodeJS.ProcessEnv): Traffic {
  const { stable, canary, namespace, virtualService, port } = options;
  return {
    async move(weight, signal) {
      const route = sharesOf(stable, canary, weight).map(({ name, weight: share }) => ({
        destination: { host: `${name}-gateway`, port: { number: port } },
        weight: share,
      }));
      const patch = JSON.stringify([{ op: "replace", path: "/spec/http/0/route", value: route }]);
      const which = ["virtualservices.networking.istio.io", virtualService, "--namespace", namespace];
      const how = ["--type", "json", "--patch", patch, "--output", "json", "--request-timeout", WITHIN];
      const within = { env, signal, timeout: KILLED_AFTER_MS };
      const { stdout } = await promisify(execFile)("kubectl", ["patch", ...which, ...how], within);
      if (!isDeepStrictEqual(routeOf(JSON.parse(stdout)), route))
        throw new Error(`VirtualService ${virtualService} in ${namespace} has other routes than it was given`);
    },
  };
}

/** What the cluster says that it has. */
function routeOf(answer: unknown): unknown {
  const spec = isRecord(answer) ? answer.spec : undefined;
  const first: unknown = isRecord(spec) && Array.isArray(spec.http) ? spec.http[0] : undefined;
  return isRecord(first) ? first.route : undefined;
}
