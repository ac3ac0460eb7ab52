import fc from "fast-check";
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
} from "graphql";

/** How a selection is dressed up, so that the same fields come in every form a checker must see through. */
const DRESSES = ["plain", "alias", "inline", "typed", "include", "skip", "spread"] as const;
const MAX_NAMES = 400;
type Dress = (typeof DRESSES)[number];

interface Recipe {
  shape: keyof typeof SHAPES;
  /** How often the thing of the shape is there, how wide each is, and how deep. */
  count: number;
  width: number;
  depth: number;
  dresses: Dress[];
  seed: number;
}

/** A document while it is written. */
interface Draft {
  schema: GraphQLSchema;
  recipe: Recipe;
  /** A number from 0 to below the bound; the seed decides. */
  pick(bound: number): number;
  fragments: { name: string; type: string; body: string }[];
  conditions: Set<number>;
  /** Names and aliases so far; after some hundred of them nothing new is begun. */
  names: number;
}

const SHAPES = {
  walk: (draft: Draft) => operation(draft, (type) => walk(draft, type, draft.recipe.depth)),
  repeat: (draft: Draft) => operation(draft, (type) => repeat(draft, type)),
  chain: (draft: Draft) => chain(draft, (name) => name),
  cycle: (draft: Draft) => chain(draft, () => "F0"),
  literals: (draft: Draft) => literals(draft),
  operations: (draft: Draft) => operations(draft),
  faults: (draft: Draft) => faults(draft),
  brackets: ({ recipe, pick }: Draft) =>
    many(recipe.count * recipe.width, () => "{[($:a1"[pick(8)] ?? " } ", pick(2) === 0 ? "" : " "),
};

/**
 * Documents that are made to cost more than they look: nesting, fragments that unfold, aliases, conditions, literals, cycles,
 * faults, and all of them mixed. Most of them are valid in the schema, so that they reach the planner when nothing stops them.
 */
export function hostileDocument(schema: GraphQLSchema): fc.Arbitrary<string> {
  const recipe: fc.Arbitrary<Recipe> = fc.record({
    shape: fc.constantFrom(...(Object.keys(SHAPES) as Recipe["shape"][])),
    count: fc.integer({ min: 1, max: 120 }),
    width: fc.integer({ min: 1, max: 6 }),
    depth: fc.integer({ min: 1, max: 40 }),
    dresses: fc.subarray([...DRESSES], { minLength: 1 }),
    seed: fc.nat(),
  });
  return recipe.map((each) => write(schema, each));
}

function write(schema: GraphQLSchema, recipe: Recipe): string {
  const draft: Draft = {
    schema,
    recipe,
    pick: createPick(recipe.seed),
    fragments: [],
    conditions: new Set(),
    names: 0,
  };
  const text = SHAPES[recipe.shape](draft);
  return `${text} ${draft.fragments.map(({ name, type, body }) => `fragment ${name} on ${type} { ${body} }`).join(" ")}`;
}

/** An operation whose head declares the conditions that its body turned out to use. */
function operation(draft: Draft, body: (type: GraphQLNamedType) => string, name?: string): string {
  const { schema, pick } = draft;
  const kinds = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const type = name === undefined && pick(4) === 0 ? kinds[pick(3)] : schema.getQueryType();
  if (type === undefined || type === null) throw new Error("the schema has no queries");
  const text = body(type);
  const declared = [...draft.conditions].map((index) => `$v${index}: Boolean!`).join(" ");
  const kind =
    type === schema.getMutationType() ? "mutation" : type === schema.getQueryType() ? "query" : "subscription";
  return `${kind} ${name ?? ""}${declared === "" ? "" : `(${declared})`} { ${text} }`;
}

/** Some fields of the type, and some of theirs, until it is deep enough or long enough. */
function walk(draft: Draft, type: GraphQLNamedType, depth: number): string {
  const { recipe, pick } = draft;
  return many(1 + pick(draft.names > MAX_NAMES ? 1 : recipe.width), () => {
    draft.names += 1;
    if (!isObjectType(type)) return dress(draft, type, ofAbstract(draft, type, depth));
    const fields = Object.values(type.getFields());
    const inner = depth > 0 && draft.names < MAX_NAMES;
    const fitting = fields.filter((field) => inner || !isCompositeType(getNamedType(field.type)));
    const field = fitting[pick(fitting.length)];
    return dress(draft, type, field === undefined ? "__typename" : select(draft, field, depth - 1));
  });
}

function ofAbstract(draft: Draft, type: GraphQLNamedType, depth: number): string {
  if (!isAbstractType(type)) return "__typename";
  const types = draft.schema.getPossibleTypes(type);
  const chosen = types[draft.pick(types.length)];
  return chosen === undefined || depth <= 0
    ? "__typename"
    : `... on ${chosen.name} { ${walk(draft, chosen, depth - 1)} }`;
}

function select(draft: Draft, field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type);
  const alias = draft.recipe.dresses.includes("alias") && draft.pick(3) === 0 ? `a${draft.names}: ` : "";
  const body = isCompositeType(type) ? ` { ${depth > 0 ? walk(draft, type, depth) : "__typename"} }` : "";
  return `${alias}${field.name}${argumentsOf(draft, field)}${body}`;
}

/** The same selection many times over, each time dressed anew. */
function repeat(draft: Draft, type: GraphQLNamedType): string {
  const { count, depth } = draft.recipe;
  const selection = walk(draft, type, Math.min(depth, 10));
  return many(Math.min(count, Math.ceil(8_000 / selection.length)), () => dress(draft, type, selection));
}

function dress(draft: Draft, type: GraphQLNamedType, selection: string): string {
  const { recipe, pick } = draft;
  const worn = recipe.dresses[pick(recipe.dresses.length)] ?? "plain";
  if (worn === "inline") return `... { ${selection} }`;
  if (worn === "typed") return `... on ${type.name} { ${selection} }`;
  if (worn === "include" || worn === "skip") return `... ${condition(draft, worn)} { ${selection} }`;
  if (worn === "spread") return spread(draft, type, selection);
  return selection;
}

function condition({ pick, recipe, conditions }: Draft, directive: "include" | "skip"): string {
  const index = pick(recipe.count);
  conditions.add(index);
  return `@${directive}(if: $v${index})`;
}

/** A fragment of its own, or one that is there already: the ones inside it are then spread again, and unfold. */
function spread(draft: Draft, type: GraphQLNamedType, selection: string): string {
  const { fragments, pick } = draft;
  const fitting = fragments.filter((fragment) => fragment.type === type.name);
  const known = fitting[pick(fitting.length + 1)];
  if (known !== undefined) return `...${known.name} ...${known.name}`;
  const name = `F${fragments.length}`;
  fragments.push({ name, type: type.name, body: selection });
  return `...${name}`;
}

/** A chain of fragments, each of which spreads the next one several times; the last ends, or begins again. */
function chain(draft: Draft, last: (name: string) => string): string {
  const { count, width, depth } = draft.recipe;
  const length = Math.min(count, depth * 2);
  const dresses = draft.recipe.dresses.filter((dressed) => dressed !== "spread");
  const plain: Draft = { ...draft, recipe: { ...draft.recipe, dresses: dresses.length === 0 ? ["plain"] : dresses } };
  return operation(draft, (type) => {
    const body = walk(plain, type, 2);
    for (let i = 0; i < length; i += 1)
      draft.fragments.push({
        name: `F${i}`,
        type: type.name,
        body: many(width, () => dress(plain, type, `...${i === length - 1 ? last(`F${length}`) : `F${i + 1}`}`)),
      });
    draft.fragments.push({ name: `F${length}`, type: type.name, body });
    return "...F0";
  });
}

/** Literals for the arguments and defaults that take any value. */
function literals(draft: Draft): string {
  const { pick, recipe } = draft;
  const nested = (depth: number): string => {
    draft.names += 1;
    if (depth <= 0 || draft.names > MAX_NAMES) return ["1", '"a"', "null", "[]", "{}", "A"][pick(6)] ?? "1";
    const inside = many(pick(8) === 0 ? recipe.width : 1, () => nested(depth - 1));
    return pick(recipe.dresses.length) === 0
      ? `[${inside}]`
      : `{a: ${inside.split(" ")[0]?.length === inside.length ? inside : `[${inside}]`}}`;
  };
  const wide = many(recipe.count, () => nested(pick(Math.min(recipe.depth, 5))));
  const value = pick(2) === 0 ? nested(recipe.depth) : `[${wide}]`;
  const json = fieldsWithJson(draft.schema);
  const field = json[pick(json.length)];
  if (field === undefined) return `query ($v: JSON = ${value}) { __typename }`;
  const body = isCompositeType(getNamedType(field.field.type)) ? " { __typename }" : "";
  const args = argumentsOf(draft, field.field, value);
  const plain = field.field.args.some((each) => getNamedType(each.type).name === "JSON");
  if (!plain || pick(3) > 0) return `${field.kind} { ${field.field.name}${args}${body} }`;
  return `${field.kind} ($v: JSON = ${value}) { ${field.field.name}${argumentsOf(draft, field.field, "$v")}${body} }`;
}

function fieldsWithJson(schema: GraphQLSchema) {
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType() };
  return Object.entries(roots).flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).flatMap((field) => (takesJson(field) ? [{ kind, field }] : [])),
  );
}

function takesJson(field: GraphQLField<unknown, unknown>): boolean {
  return field.args.some(({ type }) => {
    const named = getNamedType(type);
    if (named.name === "JSON") return true;
    return (
      isInputObjectType(named) &&
      Object.values(named.getFields()).some((each) => getNamedType(each.type).name === "JSON")
    );
  });
}

/** Many operations over the same fragments. */
function operations(draft: Draft): string {
  const { count, width } = draft.recipe;
  const bodies = many(count, (index) => operation(draft, () => many(width, (i) => `...F${i}`), `O${index}`));
  for (let i = 0; i < width * 8; i += 1)
    draft.fragments.push({
      name: `F${i}`,
      type: "Query",
      body: i === width * 8 - 1 ? "__typename" : `...F${i + 1} __typename`,
    });
  return bodies;
}

/** Names and variables that do not exist, long names, directives again and again. */
function faults(draft: Draft): string {
  const { count, pick, width } = { ...draft.recipe, pick: draft.pick };
  const kinds = [
    () => `nothing${pick(1_000)}`,
    () => "x".repeat(1 + pick(2_000)),
    () => `__typename ${many(width, () => "@include(if: true)")}`,
    () => `__typename @nothing(a: $v${pick(9)})`,
    () => `...Missing${pick(9)}`,
    () => `... on Nothing${pick(9)} { __typename }`,
    () => `__type(name: $v${pick(99)}) { name { name } }`,
  ];
  const kind = kinds[pick(kinds.length)];
  return `{ ${many(count, () => (pick(4) === 0 ? kinds[pick(kinds.length)] : kind)?.() ?? "")} }`;
}

function argumentsOf(draft: Draft, field: GraphQLField<unknown, unknown>, json = "1"): string {
  const given = field.args.flatMap(({ name, type }) => {
    if ((name === "first" || name === "last") && draft.pick(6) === 0) return [`${name}: ${1 + draft.pick(3)}`];
    return isNonNullType(type) || getNamedType(type).name === "JSON" ? [`${name}: ${valueFor(type, json)}`] : [];
  });
  return given.length === 0 ? "" : `(${given.join(" ")})`;
}

function valueFor(type: GraphQLInputType, json: string): string {
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]?.name ?? "null";
  if (isInputObjectType(named)) {
    const needed = Object.values(named.getFields()).filter(
      (field) => isNonNullType(field.type) || getNamedType(field.type).name === "JSON",
    );
    return `{${needed.map((field) => `${field.name}: ${valueFor(field.type, json)}`).join(" ")}}`;
  }
  if (named.name === "JSON") return json;
  return { Int: "1", Float: "1", Boolean: "true" }[named.name] ?? '"1"';
}

function many(count: number, of: (index: number) => string, between = " "): string {
  return Array.from({ length: count }, (_, index) => of(index)).join(between);
}

/** mulberry32: the same seed gives the same document. */
function createPick(seed: number): Draft["pick"] {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
