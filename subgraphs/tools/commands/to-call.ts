import { canonicalJson } from "@soma/schemas/json";
import type { Tool } from "@soma/sdk/define-tool";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { derivedId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import type { DecidedCall } from "../domain/bind-decision.ts";
import { parsePlace } from "../domain/parse-place.ts";
import type { Registry } from "../execution/catalog/registry.ts";

export interface InvokeToolInput {
  tool: string;
  args: unknown;
  decisionToken: string;
  runId?: string | null;
  stepId?: string | null;
  /** 1 to 200 characters without NUL. */
  idempotencyKey: string;
}

/** A call that may be made as far as its form goes. */
export interface Call {
  invocationId: string;
  tool: Tool;
  args: unknown;
  /** What a decision must be about to allow it. */
  binding: DecidedCall;
}

const MAX_ARGS_BYTES = 65_536;

/** Checks the form of a call: the tool exists, the arguments are small enough and fit its schema, the ids are ids. */
export function toCall(registry: Registry, principal: Principal, input: InvokeToolInput): Call {
  const tool = registry.get(input.tool);
  const { idempotencyKey } = input;
  checkIdempotencyKey(idempotencyKey);
  checkSize(tool.name, input.args);
  registry.checkArgs(tool.name, input.args);
  const { tenant, subject: actor } = principal;
  return {
    invocationId: derivedId("Invocation", tenant, idempotencyKey),
    tool,
    args: input.args,
    binding: {
      tenant,
      actor,
      tool: tool.name,
      toolVersion: tool.version,
      argsDigest: digest(input.args),
      idempotencyKey,
      ...parsePlace(input.runId ?? null, input.stepId ?? null),
    },
  };
}

function checkSize(tool: string, args: unknown): void {
  let bytes: number;
  try {
    bytes = Buffer.byteLength(canonicalJson(args));
  } catch (cause) {
    throw new SomaError("BAD_INPUT", `the arguments of ${tool} are not JSON`, { cause });
  }
  if (bytes > MAX_ARGS_BYTES)
    throw new SomaError(
      "PAYLOAD_TOO_LARGE",
      `the arguments of ${tool} have ${bytes} bytes; at most ${MAX_ARGS_BYTES} are taken`,
    );
}
