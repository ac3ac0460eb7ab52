import { SomaError } from "./errors.ts";
import { toStorableText } from "./json.ts";

const MAX_REASON = 1_000;

/** Why a person does something, for those who ask later; throws BAD_INPUT. */
export function parseReason(text: string): string {
  const reason = toStorableText(text).trim();
  if (reason === "" || reason.length > MAX_REASON)
    throw new SomaError("BAD_INPUT", `the reason is 1 to ${MAX_REASON} characters, and this is ${reason.length}`);
  return reason;
}
