import { SomaError } from "@soma/shared/errors";
import { isStorableText } from "@soma/shared/json";

/** Throws BAD_INPUT for text that Postgres cannot keep. */
export function checkStorable(name: string, value: string): void {
  if (!isStorableText(value))
    throw new SomaError("BAD_INPUT", `${name} holds NUL or half a surrogate pair; send text without them`);
}
