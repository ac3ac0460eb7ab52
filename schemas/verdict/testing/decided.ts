import { readFile } from "node:fs/promises";
import { canonicalJson, type Json } from "../../json.ts";
import { loadEvaluator } from "../evaluator.ts";
import type { PolicyInput, RecordedDecision } from "../recorded-decision.ts";
import { sha256, toPolicyVersion } from "../verifier.ts";

/** The policy that ships. */
export function readShipped(): Promise<Uint8Array> {
  return readFile(new URL("../../../conf/policies/tools.wasm", import.meta.url));
}

const ROLES: Record<string, object> = {
  assistant: { description: "", tools: ["clock", "code_run"], maxRisk: "medium" },
  nobody: { description: "", tools: [], maxRisk: "low" },
};
export const DATA = canonicalJson({ roles: ROLES });

export interface Asked {
  role: string;
  tool: string;
  risk: string;
  args: Json;
}

/** What a product stores of a question that it decides, and it alone. */
export async function createRecorder(wasm: Uint8Array, data = DATA) {
  const evaluator = await loadEvaluator(wasm);
  const made = { policyRevision: sha256(wasm), dataRevision: sha256(data) };
  const policyVersion = toPolicyVersion(wasm, data);
  return ({ role, tool, risk, args }: Asked, n = 1): RecordedDecision => {
    const createdAt = new Date(1_800_000_000_000 + n * 1_000);
    const argsDigest = sha256(canonicalJson(args));
    const runId = `01a31f00-0000-7100-8000-${String(n).padStart(12, "0")}`;
    const question: PolicyInput = {
      actor: { id: "user:ada", tenant: "acme", role },
      tool: { name: tool, version: "1", risk },
      args_digest: argsDigest,
      args,
      run: { id: runId, step: `${runId}.1` },
      now: createdAt.toISOString(),
    };
    const input = canonicalJson(question);
    const { allow, reason, obligations } = evaluator.evaluate(input, data).result;
    return {
      id: `01a31f00-0000-7400-8000-${String(n).padStart(12, "0")}`,
      tenant: "acme",
      ...{ allow, reason, obligations, tool, toolVersion: "1", risk, actor: "user:ada", role, argsDigest },
      ...{ runId, stepId: `${runId}.1`, createdAt: createdAt.toISOString(), policyVersion },
      expiresAt: new Date(createdAt.getTime() + 300_000).toISOString(),
      record: { ...made, inputDigest: sha256(input), input },
    };
  };
}
