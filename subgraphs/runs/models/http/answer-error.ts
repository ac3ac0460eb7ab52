import { isRecord } from "@soma/schemas/json";
import { ModelError, type Quote } from "../model-error.ts";
import { errorText } from "./error-text.ts";
import { judge } from "./errors.ts";

/** Words by which servers name what is wrong where they give no status, and the status that others give for it. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/rate_?limit|too_many|overloaded|unavailable|capacity|exhausted|busy/i, 503],
  [/unauthori[sz]ed|authentication|permission/i, 401],
  [/insufficient_|quota|billing|invalid|context_length|context_size|not_found|policy/i, 400],
];

/**
 * The error that a server reports in place of an answer or in the middle of it, judged as one that comes with a status.
 */
export function toAnswerError(error: unknown, json: string, quote: Quote): ModelError {
  const fields = isRecord(error) ? error : {};
  const words = [fields.code, fields.type, fields.status].filter((part) => typeof part === "string").join(" ");
  const text = errorText({ error }) ?? errorText(error) ?? json;
  const { code, isOfProfile } = judge(
    { status: statusOf(fields, words || text), code: words, said: text, whole: JSON.stringify(error) ?? "" },
    { inAnswer: true },
  );
  return new ModelError(code, `the server reported an error in the answer: ${quote(text, 300)}`, { isOfProfile });
}

function statusOf({ code, status }: Record<string, unknown>, words: string): number {
  const told = [code, status].map(Number).find((number) => Number.isInteger(number) && number >= 400 && number < 600);
  return told ?? WORDS.find(([shape]) => shape.test(words))?.[1] ?? 500;
}
