import { ConfigError, faultsOf, integer, oneOf, readSettings, type Setting, text, url } from "@soma/shared/config";
import { CANARY_STEPS, checkSteps } from "./machine.ts";

/** Nothing that kubectl or Prometheus would take for more than a name. */
const NAME = /^[a-z]([a-z0-9-]{0,51}[a-z0-9])?$/;
const MATCHERS = /^[^{}\r\n]+$/;

function word(form: RegExp, setting: Omit<Setting<string>, "parse">): Setting<string> {
  return {
    ...setting,
    parse(value) {
      if (!form.test(value)) throw new Error(`has not the form ${form.source}`);
      return value;
    },
  };
}
function amount(env: string, otherwise: number, doc: string, [min, max]: [number, number]): Setting<number> {
  return integer({ env, default: otherwise, doc, min, max });
}
const seconds = (env: string, otherwise: number, doc: string) => amount(env, otherwise, doc, [1, 3600]);

const COMMON = {
  prometheus: url(["http:", "https:"], { doc: "where Prometheus is asked", env: "CANARY_PROMETHEUS_URL" }),
  stable: word(NAME, { doc: "the release that has the traffic now", env: "CANARY_STABLE" }),
  traffic: oneOf(["istio", "envoy"], { doc: "what divides the traffic", env: "CANARY_TRAFFIC" }),
  selector: word(MATCHERS, { doc: "labels of the new release's requests", default: "", env: "CANARY_SELECTOR" }),
  runsSelector: word(MATCHERS, { doc: "labels of its runs", default: "", env: "CANARY_RUNS_SELECTOR" }),
  stepS: seconds("CANARY_STEP_S", 300, "how long each step is watched, in seconds"),
  checkS: seconds("CANARY_CHECK_S", 15, "how often it is measured, in seconds"),
  windowS: seconds("CANARY_WINDOW_S", 120, "of which last seconds, in seconds"),
  patienceS: seconds("CANARY_PATIENCE_S", 120, "how long measurements may be missing, in seconds"),
  minRequests: amount("CANARY_MIN_REQUESTS", 50, "requests that are enough to judge by", [1, 1_000_000]),
  minRuns: amount("CANARY_MIN_RUNS", 5, "runs that are enough; with 0 runs are not looked at", [0, 1_000_000]),
  maxErrorPercent: amount("CANARY_MAX_ERROR_PERCENT", 1, "of requests may fail, in percent", [0, 99]),
  // The last bound of the histogram that is no infinity is 60 s: Prometheus tells nothing above it.
  maxP95Ms: amount("CANARY_MAX_P95_MS", 1000, "that 95 of 100 requests may take, in milliseconds", [1, 30_000]),
  maxRunFailurePercent: amount("CANARY_MAX_RUN_FAILURE_PERCENT", 10, "of runs may fail, in percent", [0, 99]),
};
const ISTIO = {
  virtualService: word(NAME, { doc: "the VirtualService of the traffic", env: "CANARY_VIRTUAL_SERVICE" }),
  port: amount("CANARY_PORT", 4700, "the gateways' port", [1, 65_535]),
};
const ENVOY = {
  file: text({ doc: "the file of routes that Envoy watches", env: "CANARY_ENVOY_FILE" }),
  routes: word(/^[\w.-]+$/, { doc: "the name of these routes", default: "soma", env: "CANARY_ENVOY_ROUTES" }),
  admin: url(["http:"], { doc: "where Envoy says which routes it has", env: "CANARY_ENVOY_ADMIN" }),
};
export const CANARY_SETTINGS: Readonly<Record<string, Setting<unknown>>> = { ...COMMON, ...ISTIO, ...ENVOY };

interface Asked {
  release: string;
  namespace: string;
  steps?: string | undefined;
}

export type CanaryPlan = ReturnType<typeof readPlan>;

/** What a release by canary is of, from the command line and the environment; throws with everything that is wrong. */
export function readPlan({ release: canary, namespace, steps: listed }: Asked, env: NodeJS.ProcessEnv) {
  const steps = listed === undefined ? CANARY_STEPS : listed.split(",").map(Number);
  checkSteps(steps);
  const isEnvoy = env.CANARY_TRAFFIC === "envoy";
  const faults = [COMMON, isEnvoy ? ENVOY : ISTIO].flatMap((table) => faultsOf(() => readSettings(table, env)));
  for (const [option, name] of Object.entries({ release: canary, namespace }))
    if (!NAME.test(name)) faults.push(`--${option} "${name}" has not the form ${NAME.source}`);
  if (faults.length > 0) throw new ConfigError(faults);
  const common = readSettings(COMMON, env);
  const { stable, stepS, checkS, windowS, patienceS } = common;
  if (stable === canary) faults.push(`CANARY_STABLE is ${stable}, which is the new release`);
  for (const [name, value] of Object.entries({ CHECK: checkS, WINDOW: windowS, PATIENCE: patienceS }))
    if (value > stepS) faults.push(`CANARY_${name}_S is ${value}, more than the ${stepS} of CANARY_STEP_S`);
  if (faults.length > 0) throw new ConfigError(faults);
  const selector = common.selector || `namespace="${namespace}",app_kubernetes_io_instance="${canary}"`;
  const pace = { stepMs: stepS * 1000, checkMs: checkS * 1000, patienceMs: patienceS * 1000 };
  return {
    ...{ steps, stable, canary, namespace, pace },
    measures: { ...common, answerMs: 5000, selector, runsSelector: common.runsSelector || selector },
    by: isEnvoy
      ? { kind: "envoy" as const, ...readSettings(ENVOY, env) }
      : { kind: "istio" as const, ...readSettings(ISTIO, env) },
  };
}
