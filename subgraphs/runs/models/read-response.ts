import type { AnswerName } from "@soma/sdk/model-client";

/** Longer ones are no names. */
const MAX_LENGTH = 256;

/** What a server calls its answer, and the model that gave it; undefined where it says neither. */
export function readResponse({ id, model }: { id?: unknown; model?: unknown }): AnswerName | undefined {
  const named = { ...(isName(id) ? { id } : {}), ...(isName(model) ? { model } : {}) };
  return Object.keys(named).length === 0 ? undefined : named;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_LENGTH;
}
