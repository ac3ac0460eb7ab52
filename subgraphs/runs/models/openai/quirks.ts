/** What a server does not take of a request that others take. */
export type Quirk =
  | "NO_TOOLS"
  | "NO_STREAM_OPTIONS"
  | "NO_SYSTEM_ROLE"
  | "NO_TEMPERATURE"
  | "OTHER_TOKEN_LIMIT"
  | "NO_EXTRA_FIELDS";

/** Words by which servers say so; the first that fits a refusal is tried. A request that is wrong in itself must not fit. */
const REFUSALS: readonly (readonly [Quirk, RegExp])[] = [
  ["NO_STREAM_OPTIONS", /stream_options|include_usage/i],
  [
    "OTHER_TOKEN_LIMIT",
    /(?:un\w+|extra|not \w+|use).{0,80}max_(?:completion_)?tokens|max_(?:completion_)?tokens.{0,80}(?:un\w+|extra|not )/i,
  ],
  ["NO_TEMPERATURE", /temperature.{0,80}(?:not |n't |un\w+|only)|(?:un\w+|not ).{0,80}temperature/i],
  ["NO_SYSTEM_ROLE", /(?:system|developer).{0,40}(?:not |n't )|(?:not |n't ).{0,40}(?:system|developer) /i],
  [
    "NO_TOOLS",
    /(?:not |n't )support.{0,40}(?:tool|function)|(?:tool|function).{0,60}(?:not |n't )(?:support|enabled)|enable-auto-tool-choice|tools? param requires/i,
  ],
  [
    "NO_EXTRA_FIELDS",
    /(?:reasoning|thinking|thought).{0,80}(?:not |n't |un\w+|extra)|(?:not |n't |un\w+|extra).{0,80}(?:reasoning|thinking|thought)|extra_forbidden|additional propert/i,
  ],
];

/** What a person is told of an answer that came without something. */
export const NOTE_OF: Partial<Record<Quirk, string>> = {
  NO_TOOLS: "this model cannot call tools, so it was asked without them",
};

/** What a refusal says this server does not take, beside what is known of it; undefined when it says something else. */
export function quirkOf(status: number, said: string, known: ReadonlySet<Quirk>): Quirk | undefined {
  // A server without a template for tools says so with 500.
  if (status !== 400 && status !== 422 && status !== 500 && status !== 501) return undefined;
  return REFUSALS.find(([quirk, words]) => !known.has(quirk) && words.test(said))?.[0];
}
