/** What a server does not take of a request that others take. */
export type Quirk =
  | "NO_TOOLS"
  | "NO_STREAM_OPTIONS"
  | "NO_SYSTEM_ROLE"
  | "NO_TEMPERATURE"
  | "NO_TOP_P"
  | "NO_SEED"
  | "NO_REASONING_EFFORT"
  | "OTHER_TOKEN_LIMIT"
  | "NO_ENCRYPTED_REASONING"
  | "NO_UNSIGNED_CALLS"
  | "NO_JSON_SCHEMA"
  | "NO_EXTRA_FIELDS";

const REFUSED = String.raw`(?:not |n't )(?:be )?(?:support|allow|permit|enabled|available)|\bun(?:supported|recognized|recognised|known|expected)\b|\bextra\b|\bremove\b`;
const near = (what: string): RegExp =>
  new RegExp(`(?:${what}).{0,80}(?:${REFUSED})|(?:${REFUSED}).{0,80}(?:${what})`, "i");

/**
 * Words by which servers say so; the first that fits a refusal is tried. A request that is wrong in itself must not
 * fit.
 */
const REFUSALS: readonly (readonly [Quirk, RegExp])[] = [
  ["NO_STREAM_OPTIONS", /stream_options|include_usage/i],
  [
    "NO_JSON_SCHEMA",
    /response_?format|json_?.?schema|text\.format|structured.?output|guided.?(?:json|decoding)|response_?schema|response mime type|output_(?:config|format)|forces tool use/i,
  ],
  ["NO_ENCRYPTED_REASONING", near("encrypted content|reasoning\\.encrypted_content|['\"]?include\\b['\"]?")],
  ["NO_UNSIGNED_CALLS", /missing a thought_signature/i],
  ["OTHER_TOKEN_LIMIT", near("max_(?:completion_)?tokens")],
  ["NO_TEMPERATURE", near("temperature")],
  ["NO_TOP_P", near("\\btop_p\\b")],
  ["NO_SEED", near("\\bseed\\b")],
  ["NO_REASONING_EFFORT", near("reasoning[_.]effort")],
  ["NO_SYSTEM_ROLE", near("(?:system|developer) (?:role|message|prompt|instruction)s?|role.{0,3}(?:system|developer)")],
  [
    "NO_TOOLS",
    /(?:not |n't )support.{0,40}(?:tool|function)|(?:tool|function).{0,60}(?:not |n't )(?:support|enabled)|enable-auto-tool-choice|tools? param requires/i,
  ],
  ["NO_EXTRA_FIELDS", /reasoning|thinkchunk|thinking|thought(?!_signature)|extra_forbidden|additional propert/i],
];

/** A refusal of one tool's schema, or of one place of the request, says nothing about tools as such. */
const OF_ONE_TOOL = /schema|parameters|tools?[.[]\d|function call|tool_call/i;

/** A schema that is wrong in itself is for its author to mend. */
const WRONG_SCHEMA = /(?:invalid|malformed) (?:json.?)?schema|schema is (?:invalid|not valid|malformed)/i;

/** What a person is told of an answer that came without something. */
export const NOTE_OF: { readonly NO_TOOLS: string; readonly NO_JSON_SCHEMA: string } & Partial<Record<Quirk, string>> =
  {
    NO_TOOLS: "this model cannot call tools, so it was asked without them",
    NO_JSON_SCHEMA: "this server takes no JSON Schema, so the answer was asked for in words alone",
  };

/**
 * What a refusal says this server does not take, beside what is known of it; undefined when it says something else, or
 * what a request of this kind never has. `extra` names the fields of the request that only servers like this one gave.
 * Servers that say in their message only that something is wrong may name it beside: so all they say is looked at after.
 */
export function quirkOf(
  { status, said, whole }: { status: number; said: string; whole?: string },
  known: ReadonlySet<Quirk>,
  adapts: { possible: readonly Quirk[]; extra?: readonly string[] },
): Quirk | undefined {
  const found = quirkIn(status, said, known, adapts);
  return found ?? (whole === undefined ? undefined : quirkIn(status, whole, known, adapts));
}

function quirkIn(
  status: number,
  said: string,
  known: ReadonlySet<Quirk>,
  { possible, extra = [] }: { possible: readonly Quirk[]; extra?: readonly string[] },
): Quirk | undefined {
  const isRefusal = status === 400 || status === 422;
  // A server without a template for tools says so with 500; anything else that says 500 may not say it the next time.
  if (!isRefusal && status !== 500 && status !== 501) return undefined;
  const fits = ([quirk, words]: (typeof REFUSALS)[number]): boolean => {
    if (!possible.includes(quirk) || known.has(quirk) || (!isRefusal && quirk !== "NO_TOOLS")) return false;
    if (quirk === "NO_TOOLS")
      return words.test(said) && (!OF_ONE_TOOL.test(said) || /enable-auto|param requires/i.test(said));
    if (quirk === "NO_JSON_SCHEMA") return words.test(said) && !WRONG_SCHEMA.test(said);
    if (quirk !== "NO_EXTRA_FIELDS") return words.test(said);
    return extra.length > 0 && (words.test(said) || extra.some((name) => said.includes(name)));
  };
  return REFUSALS.find(fits)?.[0];
}
