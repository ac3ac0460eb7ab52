import { isRecord } from "@soma/schemas/json";
import { redact } from "@soma/shared/redact";

/**
 * JSON without what looks like a secret, which is JSON still. Each text is looked at by itself: in the JSON of the whole its
 * quotes are escaped, and a secret would be taken to end at one of them.
 */
export function toShownInput(input: string): string {
  try {
    return JSON.stringify(JSON.parse(input, (_name, value: unknown) => withoutSecrets(value)));
  } catch {
    // Nested too deep for that, or a text that only begins like JSON.
    return redact(input);
  }
}

/** Bodies of requests are, as a rule. */
const JSON_TEXT = /^\s*[[{]/;

function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return JSON_TEXT.test(value) ? toShownInput(value) : redact(value);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redact(name), isOfSecrets(name) ? "[redacted]" : item]),
  );
}

/** Whether what stands under a name is a secret, whatever it is. */
function isOfSecrets(name: string): boolean {
  return redact(`${name}=x`) !== `${redact(name)}=x`;
}
