import type { SomaRequestError } from "@soma/graphql/client";
import { ExplainedDecisionDocument, PolicyOfDocument, RecordedDecisionDocument } from "@soma/graphql/operations";
import { loadEvaluator } from "@soma/schemas/verdict/evaluator";
import { toBytes } from "@soma/schemas/verdict/verdict-lines";
import { createVerifier, type Finding } from "@soma/schemas/verdict/verifier";
import { CliError } from "../cli-error.ts";
import type { Product } from "../find-product.ts";
import { print, printJson, safe, toJson } from "../print.ts";
import { ALL_OR_NOTHING } from "../run-history.ts";
import { toRecorded } from "./recorded-lines.ts";
import { describe } from "./verify-decisions.ts";

/** Why a decision was made: what was asked, what was answered, and which rules of the policy held. */
export async function explainDecision(product: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { decision } = await product.client.request(ExplainedDecisionDocument, { id }, ALL_OR_NOTHING);
  if (decision === null || decision === undefined)
    throw new CliError(
      `decision ${safe(id)} does not exist; \`${product.hints.soma} policy export\` prints those that do`,
      {
        code: "NOT_FOUND",
      },
    );
  const recomputed = await recompute(product, id);
  if (json) return printJson({ ...decision, ...recomputed });
  const facts: Record<string, string> = {
    decision: id,
    verdict: describe({ ...decision, obligations: decision.obligations as never }),
    actor: `${decision.actor} as ${decision.role}`,
    tool: `${decision.tool} ${decision.toolVersion}`,
    run: decision.run?.id ?? "none",
    policy: decision.policyVersion,
    made: `${decision.createdAt}, good until ${decision.expiresAt}`,
  };
  for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(9)} ${safe(value)}`);
  print(`\n--- asked\n${decision.input ? safe(pretty(decision.input)) : "what was asked is not kept"}`);
  tellRules(recomputed);
}

type Recomputed = { rules: Record<string, unknown>; finding: Finding | null } | { unknown: string };

/** The same again from the recorded policy and data, as far as one may see them. */
async function recompute({ client }: Product, id: string): Promise<Recomputed> {
  try {
    const { decision } = await client.request(RecordedDecisionDocument, { id }, ALL_OR_NOTHING);
    const record = decision?.record;
    if (decision === null || decision === undefined || !record?.input)
      return { unknown: "what is needed to recompute it is not kept" };
    const { policyRevision, dataRevision, input } = record;
    const { policy } = await client.request(PolicyOfDocument, { policyRevision, dataRevision }, ALL_OR_NOTHING);
    if (policy === null || policy === undefined) return { unknown: "its policy is not kept" };
    const verifier = createVerifier();
    await verifier.addPolicy(toBytes(policy.wasm));
    verifier.addData(policy.data);
    const { trace } = await loadEvaluator(toBytes(policy.wasm));
    return { rules: trace(input, policy.data), finding: verifier.check(toRecorded(decision)) ?? null };
  } catch (error) {
    if ((error as SomaRequestError).code !== "FORBIDDEN") throw error;
    return { unknown: "it is recomputed for the role operator only" };
  }
}

function tellRules(recomputed: Recomputed): void {
  if ("unknown" in recomputed) {
    print(`\n${recomputed.unknown}`);
    return;
  }
  print("\n--- rules");
  tellTrace(recomputed.rules);
  const { finding } = recomputed;
  print(finding === null ? "\nthe verdict follows from them" : safe(`\nit does not follow: ${finding.why}`));
}

/** The rules of a decision, a line each. */
export function tellTrace(rules: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(rules))
    print(
      safe(`${name.padEnd(20)} ${value === undefined ? "does not hold" : value === true ? "holds" : toJson(value)}`),
    );
  if (Object.keys(rules).length === 0) print("the policy was compiled without its rules");
}

/** JSON in lines; what is nested too deep to be looked at as JSON may be none any more. */
function pretty(text: string): string {
  try {
    return toJson(JSON.parse(text), 2);
  } catch {
    return text;
  }
}
