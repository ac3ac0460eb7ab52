import { StepDetailDocument, type StepDetailQuery } from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import { describeMs } from "./duration.ts";
import type { Product } from "./find-product.ts";
import { paintStatus } from "./paint.ts";
import { line, print, printJson, safe, toJson } from "./print.ts";

type Node = NonNullable<StepDetailQuery["node"]>;
type Step = Extract<Node, { number: number }>;

/** A step of a run by its number, as the column STEP of the run has it: the id of its node. */
export function toStepId(option: string, { id, step }: { id: string; step: string }): string {
  if (/^[1-9]\d{0,8}$/.test(step)) return `${id}.${step}`;
  throw new CliError(`${option} is ${step}; it is the number of a step, as in the column STEP of the run`, {
    code: "BAD_INPUT",
    exitCode: EXIT.USAGE,
  });
}

/** Everything that is kept of one step, as the page has it beside the timeline. */
export async function showStep(
  { client, hints }: Product,
  { id, step: number, json }: { id: string; step: string; json: boolean },
): Promise<void> {
  const { node } = await client.request(StepDetailDocument, { id: toStepId("--step", { id, step: number }) });
  if (node === null || node === undefined || !isStep(node))
    throw new CliError(
      `step ${number} of run ${id} does not exist; \`${hints.soma} runs show ${id}\` shows its steps`,
      {
        code: "NOT_FOUND",
      },
    );
  if (json) return printJson(node);
  for (const [name, value] of factsOf(node)) print(`${name.padEnd(9)} ${value}`);
  for (const [name, text] of textsOf(node)) print(`\n--- ${name}\n${safe(text)}`);
  const decision = decisionOf(node);
  if (decision) print(`\n\`${hints.soma} policy explain ${decision.id}\` shows which rules of the policy held`);
  if (node.prompt) print(`\n\`${hints.soma} runs show ${id} --prompt ${number}\` shows what its model was sent`);
}

/** Another node has none of what is asked of a step. */
function isStep(node: Node): node is Step {
  return "number" in node;
}

function decisionOf({ decision, invocation }: Step) {
  return decision ?? invocation?.decision;
}

/** Those that have something to say, each in a line. */
function factsOf(step: Step): (readonly [string, string])[] {
  const decision = decisionOf(step);
  const by = step.answeredBy;
  const facts: Record<string, string> = {
    step: `${step.number}${step.abandoned ? ", taken back by a rollback" : ""}`,
    node: `${step.nodeId}${step.nodeType === step.nodeId ? "" : ` (${step.nodeType})`}`,
    what: step.summary ?? "",
    status: step.status,
    attempt: String(step.attempt),
    started: step.startedAt,
    took: step.latencyMs === null || step.latencyMs === undefined ? "" : describeMs(step.latencyMs),
    model: by ? [by.model, by.provider, by.profile ?? ""].filter(Boolean).join(" · ") : "",
    error: step.error ? `${step.error.code}: ${step.error.message}` : "",
    call: step.invocation?.status ?? "",
    decision: decision ? `${decision.allow ? "allowed" : "denied"}: ${decision.reason}` : "",
    tool: decision ? `${decision.tool} ${decision.toolVersion}` : "",
    role: decision?.role ?? "",
    policy: decision?.policyVersion ?? "",
  };
  return Object.entries(facts)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [name, name === "status" ? paintStatus(value, value) : line(value, Infinity)] as const);
}

/** What a call was given and gave; else what the step left. */
function textsOf({ invocation, output }: Step): (readonly [string, string])[] {
  if (invocation === null || invocation === undefined)
    return output === null || output === undefined ? [] : [["output", toText(output)]];
  const { args, error } = invocation;
  const texts: Record<string, string> = {
    arguments: args === null || args === undefined ? "" : toText(args),
    output: invocation.output ?? "",
    error: error ? `${error.type}: ${error.message}` : "",
  };
  return Object.entries(texts).filter(([, text]) => text !== "");
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : toJson(value, 2);
}
