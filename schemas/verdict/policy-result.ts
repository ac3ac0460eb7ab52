import { canonicalJson, isRecord, type JsonObject } from "../json.ts";

/** What a policy answers; the head of conf/policies/tools.rego describes the same. */
export interface PolicyResult {
  allow: boolean;
  reason: string;
  obligations: JsonObject;
  /** Seconds the decision is good for at most; the setting may lower it. */
  ttl_s: number;
}

const NAMES = "allow,obligations,reason,ttl_s";
const MOST = { reason: 2_000, ttl_s: 3_600 } as const;

/** Whether a policy gave an answer of the right shape, and nothing beside it. */
export function isPolicyResult(value: unknown): value is PolicyResult {
  if (!isRecord(value) || Object.keys(value).sort().join() !== NAMES) return false;
  const { allow, reason, obligations, ttl_s } = value;
  return (
    typeof allow === "boolean" &&
    typeof reason === "string" &&
    reason.length <= MOST.reason &&
    isRecord(obligations) &&
    isStorable(obligations) &&
    typeof ttl_s === "number" &&
    Number.isInteger(ttl_s) &&
    ttl_s >= 0 &&
    ttl_s <= MOST.ttl_s
  );
}

/** A NUL, and no backslash before the one that begins it. */
const NUL = /(?<!\\)(?:\\\\)*\\u0000/;

/** Whether a database gives obligations back as they were: it has no number without end, no NUL and no half of a surrogate pair. */
function isStorable(obligations: unknown): boolean {
  try {
    return !NUL.test(canonicalJson(obligations));
  } catch {
    return false;
  }
}

const ERROR = "policy_error: ";

/** The answer to what cannot be decided. */
export function toPolicyError(kind: string): PolicyResult {
  return { allow: false, reason: `${ERROR}${kind}`, obligations: {}, ttl_s: 0 };
}

/** Whether a decision was denied because the policy could not decide. */
export function isPolicyError({ allow, reason }: { allow: boolean; reason: string }): boolean {
  return !allow && reason.startsWith(ERROR);
}
