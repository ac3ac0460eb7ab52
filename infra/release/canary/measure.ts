import { isRecord } from "@soma/schemas/json";
import { reasonOf } from "@soma/shared/config";

export interface MeasureOptions {
  /** Address of Prometheus. */
  prometheus: string;
  /** How long an answer may take. */
  answerMs: number;
  selector: string;
  runsSelector: string;
  windowS: number;
  minRequests: number;
  minRuns: number;
  maxErrorPercent: number;
  maxP95Ms: number;
  maxRunFailurePercent: number;
}

type Outcome = "passed" | "breached" | "missing";

/** One of the things that a release is judged by. */
export interface Judged {
  what: "errors" | "latency" | "run failures";
  outcome: Outcome;
  detail: string;
}
export interface Measurement {
  outcome: Outcome;
  judged: readonly Judged[];
}

type Answer = { value: number } | { lacks: string };

/** Asks Prometheus how the new release does. Whatever is not known is missing: this never throws. */
export async function measure(options: MeasureOptions, signal: AbortSignal): Promise<Measurement> {
  const { windowS, minRequests, minRuns } = options;
  const ask = (query: string): Promise<Answer> => askPrometheus(options, query, signal);
  const { requests, errors, p95, runs, failed } = queriesOf(options);
  const answers = [ask(requests), ask(errors), ask(p95)] as const;
  const ofRuns = minRuns === 0 ? undefined : ([ask(runs), ask(failed)] as const);
  const served = enough(await answers[0], minRequests, `requests in ${windowS} s`);
  const judged = [
    judge("errors", served, ratioOf(served, await answers[1]), options.maxErrorPercent, "%"),
    judge("latency", served, inMs(await answers[2]), options.maxP95Ms, "ms"),
  ];
  if (ofRuns !== undefined) {
    const ended = enough(await ofRuns[0], minRuns, `runs in ${windowS} s`);
    judged.push(judge("run failures", ended, ratioOf(ended, await ofRuns[1]), options.maxRunFailurePercent, "%"));
  }
  // What is known to be bad is enough, whatever else is missing.
  const outcomes = (["breached", "missing"] as const).filter((each) => judged.some(({ outcome }) => outcome === each));
  return { outcome: outcomes[0] ?? "passed", judged };
}

/** By metrics of docs/operator/metrics.md alone. Probes are no requests of anybody. */
export function queriesOf({ selector, runsSelector, windowS }: MeasureOptions) {
  const served = `${selector},route="/graphql"`;
  const grown = (metric: string, of: string): string => `sum(increase(${metric}{${of}}[${windowS}s]))`;
  const count = "http_server_request_duration_seconds_count";
  const buckets = `rate(http_server_request_duration_seconds_bucket{${served}}[${windowS}s])`;
  return {
    requests: grown(count, served),
    // What never happened has no series. That something was counted at all is asked by the query before it.
    errors: `${grown(count, `${served},status=~"5.."`)} or vector(0)`,
    p95: `histogram_quantile(0.95, sum by (le) (${buckets}))`,
    runs: grown("soma_runs_finished_total", runsSelector),
    failed: `${grown("soma_runs_finished_total", `${runsSelector},status="RUN_FAILED"`)} or vector(0)`,
  };
}

function judge(what: Judged["what"], samples: Answer, answer: Answer, limit: number, unit: string): Judged {
  const lack = [samples, answer].find((each) => "lacks" in each);
  if (lack !== undefined || !("value" in samples && "value" in answer))
    return { what, outcome: "missing", detail: lack?.lacks ?? "" };
  const outcome = answer.value > limit ? "breached" : "passed";
  const of = `of ${Math.round(samples.value)}`;
  return { what, outcome, detail: `${answer.value.toFixed(2)} ${unit} ${of}, and ${limit} ${unit} are allowed` };
}

function enough(answer: Answer, least: number, what: string): Answer {
  if ("lacks" in answer || answer.value >= least) return answer;
  return { lacks: `${answer.value.toFixed(1)} ${what}, and ${least} are needed` };
}

const inMs = (answer: Answer): Answer => ("lacks" in answer ? answer : { value: answer.value * 1000 });

function ratioOf(all: Answer, some: Answer): Answer {
  if ("lacks" in all) return all;
  return "lacks" in some ? some : { value: (100 * some.value) / all.value };
}

async function askPrometheus(
  { prometheus, answerMs }: MeasureOptions,
  query: string,
  signal: AbortSignal,
): Promise<Answer> {
  const address = new URL(`${prometheus.replace(/\/$/, "")}/api/v1/query`);
  address.searchParams.set("query", query);
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    return readAnswer(await (await fetch(address, { signal: within })).json());
  } catch (error) {
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { lacks: `Prometheus at ${address.host} gave no answer: ${reasonOf(reason)}` };
  }
}

/** One number, or why there is none. */
function readAnswer(body: unknown): Answer {
  const data = isRecord(body) && body.status === "success" ? body.data : undefined;
  if (!isRecord(data) || data.resultType !== "vector" || !Array.isArray(data.result))
    return { lacks: "what Prometheus answered is no vector" };
  const [first, ...others] = data.result as unknown[];
  if (first === undefined) return { lacks: "Prometheus has no data" };
  const text: unknown = isRecord(first) && Array.isArray(first.value) ? first.value[1] : undefined;
  // Number("") is 0, which would be a good answer.
  const value = others.length === 0 && typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
  return Number.isFinite(value) && value >= 0 ? { value } : { lacks: "what Prometheus answered is no one number" };
}
