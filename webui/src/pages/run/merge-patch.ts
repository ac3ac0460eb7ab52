import { parseExactJson } from "@soma/schemas/exact-json";
import { canonicalJson, isRecord } from "@soma/schemas/json";

type Fields = Readonly<Record<string, unknown>>;

/** What the API is to be told to make of one input another one (RFC 7396); or why that cannot be said. */
export type Patch = { patch: Fields } | { fault: string };

/** The patch that makes an input what somebody wrote. */
export function toPatch(input: unknown, written: string): Patch {
  const before = isRecord(input) ? input : {};
  try {
    const after = parseExactJson(written);
    if (!isRecord(after)) return { fault: "an input is an object: {…}" };
    return { patch: differing(before, after) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function differing(before: Fields, after: Fields): Fields {
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    if (old !== undefined && canonicalJson(old) === canonicalJson(value)) continue;
    const isWithin = isRecord(old) && isRecord(value);
    if (!isWithin) checkNull(name, value);
    patch[name] = isWithin ? differing(old, value) : value;
  }
  return patch;
}

/** What is null in a patch takes a field out. */
function checkNull(name: string, value: unknown): void {
  if (value === null) throw new Error(`"${name}" cannot become null: null takes a field out; leave it out instead`);
  if (isRecord(value)) for (const [inner, each] of Object.entries(value)) checkNull(`${name}.${inner}`, each);
}
