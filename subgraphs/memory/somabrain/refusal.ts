import { SomaError } from "@soma/shared/errors";
import type { Answer } from "./ask.ts";
import { fieldsOf, reasonOf } from "./fields.ts";
import type { Written } from "./somabrain.ts";

export type Refusal = Exclude<Written, { acknowledged: true }>;

/** What is wrong with what was written, and will be the next time too. Who is asking, or how often, may change. */
const OF_THE_MEMORY = new Set([400, 413, 422]);
/** Builds whose `/memory/...` was never given what it works with answer so for ever. */
const UNWIRED = /^(memory pool|embedder|working memory) unavailable$/;

/** A write that was not acknowledged. */
export function toRefusal(answer: Answer): Refusal {
  const detail = fieldsOf(fieldsOf(answer.body).detail);
  return {
    acknowledged: false,
    reason: reasonOf(answer),
    breakerOpen: detail.breaker_open === true || fieldsOf(answer.body).breaker_open === true,
    refused: OF_THE_MEMORY.has(answer.status),
    retryAfterMs: answer.retryAfterMs,
  };
}

export function isUnwired({ status, body }: Answer): boolean {
  const { detail } = fieldsOf(body);
  return status === 503 && typeof detail === "string" && UNWIRED.test(detail);
}

export const unavailable = (answer: Answer): SomaError => new SomaError("UNAVAILABLE", reasonOf(answer));
