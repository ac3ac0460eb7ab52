import { hash } from "node:crypto";
import { canonicalJson, type Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { isId } from "@soma/shared/ids";
import { checkStorable, clip, isStorableText } from "@soma/shared/json";

export interface DecideParams {
  tool: string;
  toolVersion: string;
  risk: "low" | "medium" | "high";
  args: unknown;
  role: string;
  runId?: string | null | undefined;
  stepId?: string | null | undefined;
  idempotencyKey: string;
}

/** Characters each text may have. */
const LIMITS = { tool: 100, toolVersion: 100, role: 100 } as const;
const STEP_ID_LENGTH = 60;

/** Throws BAD_INPUT for what cannot be stored: the policy is only asked about calls that can be audited. */
export function checkDecideParams(params: DecideParams): void {
  const { runId, stepId } = params;
  for (const [name, limit] of Object.entries(LIMITS)) {
    const { length } = params[name as keyof typeof LIMITS];
    if (length < 1 || length > limit)
      throw new SomaError("BAD_INPUT", `${name} has ${length} characters; it needs 1 to ${limit}`);
    checkStorable(name, params[name as keyof typeof LIMITS]);
  }
  checkIdempotencyKey(params.idempotencyKey);
  if (typeof runId === "string" && !isId(runId))
    throw new SomaError("BAD_INPUT", `run id "${clip(runId, 80)}" is not a UUID`);
  if (typeof stepId === "string" && !isStepId(stepId))
    throw new SomaError(
      "BAD_INPUT",
      `the step id has ${stepId.length} characters; it needs at most ${STEP_ID_LENGTH}, and none that is NUL or half a surrogate pair`,
    );
}

/** Whether a step could have this id; a step that could not has no decision. */
export function isStepId(value: string): boolean {
  return value.length <= STEP_ID_LENGTH && isStorableText(value);
}

/** The arguments as the policy sees them, and the SHA-256 of their canonical JSON; BAD_INPUT when they have none. */
export function parseArgs(args: unknown): { args: Json; argsDigest: string } {
  try {
    const argsDigest = hash("sha256", canonicalJson(args ?? null), "hex");
    return { args: JSON.parse(JSON.stringify(args ?? null)) as Json, argsDigest };
  } catch (cause) {
    const reason = "a number is not finite, a text holds half a surrogate pair, or they are nested too deep";
    throw new SomaError("BAD_INPUT", `args have no canonical JSON: ${reason}`, { cause });
  }
}
