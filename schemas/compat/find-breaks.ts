/** A JSON Schema, as its file has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** A place in events whose meaning a new form of their schema would change, and the rule that refuses it. */
export interface Break {
  /** As a pointer into the event; `*` is any item of a list or any name of a map, and the event itself is `/`. */
  path: string;
  rule: BreakRule;
}

/** Why each is refused: who reads the old form would refuse or misread events of the new one, or the other way round. */
export const BREAK_RULES = {
  "property-removed": "a property was removed or renamed",
  "property-over-open": "a property was described where any value was allowed",
  "required-added": "a property became required",
  "required-removed": "a property is no longer required, and readers count on it",
  "type-changed": "the type changed",
  "enum-narrowed": "a value was removed",
  "enum-widened": "a value was added to a list that is not marked x-open-enum",
  "enum-closed": "a list that may grow became one that may not",
  "const-changed": "the one value changed",
  "format-changed": "the format changed",
  "pattern-changed": "the pattern changed",
  "limit-narrowed": "a limit became narrower",
  "items-changed": "what a list holds is said where it was not, or no longer",
  "additional-changed": "what an object holds beyond its properties changed",
  "key-changed": "the key changed, and with it the order of events",
  "keyword-changed": "a keyword changed that no rule knows",
} as const;

export type BreakRule = keyof typeof BREAK_RULES;

interface Pair {
  path: string;
  before: Schema;
  after: Schema;
}
type Check = (pair: Pair, keyword: string) => Break[];

/** Words about a schema, which no validator reads. */
const WORDS = ["$id", "$comment", "title", "description", "examples", "deprecated"];
const LOWER_LIMITS = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER_LIMITS = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

/** The rule table: what a change of each keyword breaks. A keyword that is not here may not change. */
const CHECKS: Readonly<Record<string, Check>> = {
  ...each(WORDS, () => []),
  ...each(
    LOWER_LIMITS,
    limit((before, after) => after <= before),
  ),
  ...each(
    UPPER_LIMITS,
    limit((before, after) => after >= before),
  ),
  type: refuse("type-changed"),
  const: refuse("const-changed"),
  format: refuse("format-changed"),
  pattern: refuse("pattern-changed"),
  enum: checkEnum,
  "x-open-enum": checkOpenEnum,
  "x-event": checkKey,
  required: checkRequired,
  properties: checkProperties,
  additionalProperties: checkAdditional,
  items: checkNested("items-changed"),
};

/** What of a released schema its new form breaks; empty when who reads either form can read events of both. */
export function findBreaks(before: Schema, after: Schema): Break[] {
  return compare({ path: "", before, after });
}

function compare(pair: Pair): Break[] {
  const keywords = [...new Set([...Object.keys(pair.before), ...Object.keys(pair.after)])];
  return keywords
    .filter((keyword) => !isSame(pair.before[keyword], pair.after[keyword]))
    .flatMap((keyword) => (CHECKS[keyword] ?? refuse("keyword-changed"))(pair, keyword));
}

function refuse(rule: BreakRule): Check {
  return ({ path }) => [{ path: path || "/", rule }];
}

function limit(isWider: (before: number, after: number) => boolean): Check {
  return (pair, keyword) => {
    const [before, after] = [pair.before[keyword], pair.after[keyword]];
    if (after === undefined) return [];
    if (typeof before === "number" && typeof after === "number" && isWider(before, after)) return [];
    return refuse("limit-narrowed")(pair, keyword);
  };
}

function checkEnum(pair: Pair): Break[] {
  const [before, after] = [pair.before.enum, pair.after.enum];
  const isOpen = pair.before["x-open-enum"] === true;
  // Without a list every value is allowed, which is more than a list may ever grow to.
  if (!Array.isArray(before)) return refuse("enum-narrowed")(pair, "enum");
  if (!Array.isArray(after)) return refuse("enum-widened")(pair, "enum");
  return [
    ...(before.every((value) => after.includes(value)) ? [] : refuse("enum-narrowed")(pair, "enum")),
    ...(isOpen || after.every((value) => before.includes(value)) ? [] : refuse("enum-widened")(pair, "enum")),
  ];
}

function checkOpenEnum(pair: Pair, keyword: string): Break[] {
  return pair.before[keyword] === true ? refuse("enum-closed")(pair, keyword) : [];
}

function checkKey(pair: Pair, keyword: string): Break[] {
  const keyOf = (schema: Schema): unknown => toSchema(schema["x-event"]).key;
  return keyOf(pair.before) === keyOf(pair.after) ? [] : refuse("key-changed")(pair, keyword);
}

function checkRequired({ path, before, after }: Pair): Break[] {
  const [were, are] = [toNames(before.required), toNames(after.required)];
  // One that was removed altogether is told as that.
  const isNamed = (schema: Schema, name: string): boolean => Object.hasOwn(toSchema(schema.properties), name);
  const stays = (name: string): boolean => isNamed(after, name) || !isNamed(before, name);
  return [
    ...are.filter((name) => !were.includes(name)).map((name) => toBreak(path, name, "required-added")),
    ...were.filter((name) => !are.includes(name) && stays(name)).map((name) => toBreak(path, name, "required-removed")),
  ];
}

function checkProperties({ path, before, after }: Pair): Break[] {
  const [were, are] = [toSchema(before.properties), toSchema(after.properties)];
  const added = Object.keys(are).filter((name) => !Object.hasOwn(were, name));
  return [
    ...Object.keys(were).flatMap((name) =>
      Object.hasOwn(are, name)
        ? compare({ path: `${path}/${name}`, before: toSchema(were[name]), after: toSchema(are[name]) })
        : [toBreak(path, name, "property-removed")],
    ),
    ...(before.additionalProperties === false ? [] : added.map((name) => toBreak(path, name, "property-over-open"))),
  ];
}

function checkAdditional(pair: Pair, keyword: string): Break[] {
  const [before = true, after = true] = [pair.before[keyword], pair.after[keyword]];
  // To say that anything is allowed is what it means to say nothing.
  return before === after ? [] : checkNested("additional-changed")(pair, keyword);
}

function checkNested(rule: BreakRule): Check {
  return (pair, keyword) => {
    const [before, after] = [pair.before[keyword], pair.after[keyword]];
    if (!isSchema(before) || !isSchema(after)) return refuse(rule)(pair, keyword);
    return compare({ path: `${pair.path}/*`, before, after });
  };
}

function toBreak(path: string, name: string, rule: BreakRule): Break {
  return { path: `${path}/${name}`, rule };
}

function each(keywords: readonly string[], check: Check): Record<string, Check> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, check]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toSchema(value: unknown): Schema {
  return isSchema(value) ? value : {};
}

function toNames(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Another order of names looks like a change here, and is one to no rule. */
function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
