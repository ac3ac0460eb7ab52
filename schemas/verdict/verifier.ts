import { createHash, hash } from "node:crypto";
import { canonicalJson, type Json } from "../json.ts";
import { type Evaluator, loadEvaluator, UNDECIDED } from "./evaluator.ts";
import type { PolicyResult } from "./policy-result.ts";
import type { DecisionRecord, PolicyInput, RecordedDecision } from "./recorded-decision.ts";

/**
 * What is wrong with a stored decision.
 *
 * - DIFFERS: its input, policy and data give another verdict; both are told.
 * - ALTERED: what is stored of it contradicts itself.
 * - UNKNOWN: something that is needed to recompute it is not here.
 */
export interface Finding {
  id: string;
  kind: "DIFFERS" | "ALTERED" | "UNKNOWN";
  why: string;
  stored?: Verdict;
  recomputed?: Verdict;
}

export type Verdict = Pick<PolicyResult, "allow" | "reason" | "obligations">;

/** How many decisions there were of each kind; each is counted once. */
export interface VerdictCounts {
  follow: number;
  differ: number;
  altered: number;
  unknown: number;
  /** Made before what is needed to recompute them was kept. */
  unrecorded: number;
}

export interface Verifier {
  counts: VerdictCounts;
  /** Takes a compiled policy, under the digest that its bytes have. */
  addPolicy(wasm: Uint8Array): Promise<void>;
  /** Takes data of policies, under the digest that the text has. */
  addData(text: string): void;
  /** What is wrong with a decision; undefined when it follows. To be given them oldest first. */
  check(decision: RecordedDecision): Finding | undefined;
}

/** Recomputes stored decisions from what was stored with them, and from nothing else. */
export function createVerifier(): Verifier {
  const policies = new Map<string, { evaluator: Evaluator; wasm: Uint8Array }>();
  const data = new Map<string, string>();
  const versions = new Map<string, string>();
  const counts: VerdictCounts = { follow: 0, differ: 0, altered: 0, unknown: 0, unrecorded: 0 };
  let anyRecorded = false;

  /** The digest of both that a decision tells; the same two always have the same. */
  const versionOf = (record: DecisionRecord, wasm: Uint8Array, text: string): string => {
    const key = record.policyRevision + record.dataRevision;
    const known = versions.get(key) ?? toPolicyVersion(wasm, text);
    versions.set(key, known);
    return known;
  };

  function find(decision: RecordedDecision): Finding | undefined {
    const { id, record } = decision;
    if (record === null) {
      const why = "nothing is recorded of it, though there is of older ones";
      return anyRecorded ? { id, kind: "ALTERED", why } : undefined;
    }
    anyRecorded = true;
    const [policy, text] = [policies.get(record.policyRevision), data.get(record.dataRevision)];
    if (policy === undefined) return { id, kind: "UNKNOWN", why: `policy ${record.policyRevision} is not here` };
    if (text === undefined) return { id, kind: "UNKNOWN", why: `data ${record.dataRevision} are not here` };
    if (versionOf(record, policy.wasm, text) !== decision.policyVersion)
      return { id, kind: "ALTERED", why: "its policy version is not that of its policy and data" };
    if (record.input === null) return judgeWithout(decision, policy.evaluator);
    const why = findContradiction(decision, record.inputDigest, record.input);
    if (why !== undefined) return { id, kind: "ALTERED", why };
    return compare(decision, policy.evaluator.evaluate(record.input, text).result);
  }

  return {
    counts,
    async addPolicy(wasm) {
      policies.set(sha256(wasm), { evaluator: await loadEvaluator(wasm), wasm });
    },
    addData: (text) => void data.set(sha256(text), text),
    check(decision) {
      const finding = find(decision);
      if (finding !== undefined) counts[COUNTED[finding.kind]] += 1;
      else if (decision.record === null) counts.unrecorded += 1;
      else counts.follow += 1;
      return finding;
    },
  };
}

const COUNTED = { DIFFERS: "differ", ALTERED: "altered", UNKNOWN: "unknown" } as const;

/** The digest of policy and data that a decision tells. */
export function toPolicyVersion(wasm: Uint8Array, data: string): string {
  return createHash("sha256").update(wasm).update(data).digest("hex").slice(0, 16);
}

export function sha256(value: string | Uint8Array): string {
  return hash("sha256", value, "hex");
}

/** An input that was too large is not kept: then it was denied for that, unless there was nothing to ask. */
function judgeWithout(decision: RecordedDecision, { fault }: Evaluator): Finding | undefined {
  const denied = fault === undefined ? UNDECIDED.tooLarge : UNDECIDED.bundle;
  if (compare(decision, denied) === undefined) return undefined;
  return { id: decision.id, kind: "UNKNOWN", why: "its input is gone" };
}

/** Where a decision and its input do not say the same. */
function findContradiction(decision: RecordedDecision, digest: string, text: string): string | undefined {
  if (sha256(text) !== digest) return "its input is not the one that was recorded";
  try {
    return findOther(decision, text);
  } catch {
    return "its input is no question";
  }
}

function findOther(decision: RecordedDecision, text: string): string | undefined {
  const { actor, tool, run, args, args_digest, now } = JSON.parse(text) as PolicyInput;
  const pairs: Record<string, [unknown, unknown]> = {
    tenant: [actor.tenant, decision.tenant],
    actor: [actor.id, decision.actor],
    role: [actor.role, decision.role],
    tool: [tool.name, decision.tool],
    "version of the tool": [tool.version, decision.toolVersion],
    risk: [tool.risk, decision.risk],
    run: [run?.id ?? null, decision.runId],
    step: [run === null ? decision.stepId : run.step, decision.stepId],
    time: [now, decision.createdAt],
    "digest of the arguments": [args_digest, decision.argsDigest],
  };
  const other = Object.keys(pairs).find((name) => pairs[name]?.[0] !== pairs[name]?.[1]);
  if (other !== undefined) return `its input has another ${other}`;
  if (sha256(canonicalJson(args)) !== args_digest) return "its arguments do not have their digest";
  return canonicalJson(toQuestion(decision, args)) === text ? undefined : "its input is not the question alone";
}

/**
 * What was asked, as the decision has it. An input that says more could say it to the policy alone: of two members of one name a
 * parser takes the first, and another one the last.
 */
function toQuestion(decision: RecordedDecision, args: Json): PolicyInput {
  const { actor, tenant, role, tool, toolVersion, risk, argsDigest, runId, stepId, createdAt } = decision;
  return {
    actor: { id: actor, tenant, role },
    tool: { name: tool, version: toolVersion, risk },
    args_digest: argsDigest,
    args,
    run: runId === null ? null : { id: runId, step: stepId },
    now: createdAt,
  };
}

/** What differs between a stored verdict and the one that its input, policy and data give. */
function compare(decision: RecordedDecision, result: PolicyResult): Finding | undefined {
  const { id, allow, reason, obligations } = decision;
  const stored = { allow, reason, obligations: obligations as Verdict["obligations"] };
  const recomputed = { allow: result.allow, reason: result.reason, obligations: result.obligations };
  const differs = (why: string): Finding => ({ id, kind: "DIFFERS", why, stored, recomputed });
  if (allow !== result.allow) return differs(`it is ${WORDS[`${allow}`]}, and ${WORDS[`${result.allow}`]} follows`);
  if (reason !== result.reason) return differs("its reason is another one");
  if (!isSame(obligations, result.obligations)) return differs("its obligations are others");
  const lastsMs = Date.parse(decision.expiresAt) - Date.parse(decision.createdAt);
  if (allow && !(lastsMs <= result.ttl_s * 1_000)) return differs("it stands longer than the policy lets it");
  return undefined;
}

const WORDS = { true: "allowed", false: "denied" } as const;

/** What is stored comes from a file: it may be what has no canonical JSON, such as a number that is none. */
function isSame(stored: unknown, recomputed: unknown): boolean {
  try {
    return canonicalJson(stored) === canonicalJson(recomputed);
  } catch {
    return false;
  }
}
