import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
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
export const DRESSES = ["plain", "alias", "inline", "typed", "include", "skip", "spread"] as const;
type Dress = (typeof DRESSES)[number];

export interface Recipe {
  /** How often the thing of the shape is there, how wide each is, and how deep. */
  count: number;
  width: number;
  depth: number;
  dresses: Dress[];
  seed: number;
}

/** A document while it is written. */
export interface Draft {
  schema: GraphQLSchema;
  recipe: Recipe;
  /** A number from 0 to below the bound; the seed decides. */
  pick(bound: number): number;
  fragments: { name: string; type: string; body: string }[];
  /** Variables that the text turned out to use, by name: each with its type and what the request gives for it. */
  variables: Map<string, { type: string; value: unknown }>;
  /** Names and aliases so far; after some hundred of them nothing new is begun. */
  names: number;
}

export const MAX_NAMES = 400;

export function createDraft(schema: GraphQLSchema, recipe: Recipe): Draft {
  return { schema, recipe, pick: createPick(recipe.seed), fragments: [], variables: new Map(), names: 0 };
}

/** An operation whose head declares the variables that its body turned out to use. */
export function operation(draft: Draft, body: (type: GraphQLNamedType) => string, name = ""): string {
  const { schema, pick } = draft;
  const kinds = { query: schema.getQueryType(), mutation: schema.getMutationType() ?? schema.getQueryType() };
  const [kind, type] =
    name === "" && pick(4) === 0
      ? (Object.entries({ ...kinds, subscription: schema.getSubscriptionType() })[pick(3)] ?? [])
      : ["query", kinds.query];
  if (type === undefined || type === null) throw new Error("the schema has no queries");
  const text = body(type);
  const declared = [...draft.variables].map(([variable, { type }]) => `$${variable}: ${type}`).join(" ");
  return `${kind} ${name}${declared === "" ? "" : `(${declared})`} { ${text} }`;
}

/** Some fields of the type, and some of theirs, until it is deep enough or long enough. */
export function walk(draft: Draft, type: GraphQLNamedType, depth: number): string {
  const { recipe, pick } = draft;
  return many(1 + pick(draft.names > MAX_NAMES ? 1 : recipe.width), () => {
    draft.names += 1;
    if (!isObjectType(type)) return dress(draft, type, ofAbstract(draft, type, depth));
    const fields = Object.values(type.getFields());
    const inner = depth > 0 && draft.names < MAX_NAMES;
    const fitting = fields.filter((field) => inner || !isCompositeType(getNamedType(field.type)));
    const field = fitting[pick(fitting.length)];
    return dress(draft, type, field === undefined ? "__typename" : select(draft, { type, field, depth: depth - 1 }));
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

function select(
  draft: Draft,
  { type, field, depth }: { type: GraphQLObjectType; field: GraphQLField<unknown, unknown>; depth: number },
): string {
  const inner = getNamedType(field.type);
  const alias = draft.recipe.dresses.includes("alias") && draft.pick(3) === 0 ? `${aliasFor(draft, type)}: ` : "";
  const body = isCompositeType(inner) ? ` { ${depth > 0 ? walk(draft, inner, depth) : "__typename"} }` : "";
  return `${alias}${field.name}${argumentsOf(draft, field)}${body}`;
}

/** A name nobody uses, or that of another field, as a plan may ask for that one too. */
function aliasFor({ pick, names }: Draft, type: GraphQLObjectType): string {
  const others = [...Object.keys(type.getFields()), "__typename", "__proto__"];
  return (pick(6) === 0 ? others[pick(others.length)] : undefined) ?? `a${names}`;
}

export function dress(draft: Draft, type: GraphQLNamedType, selection: string): string {
  const { recipe, pick } = draft;
  const worn = recipe.dresses[pick(recipe.dresses.length)] ?? "plain";
  if (worn === "inline") return `... { ${selection} }`;
  if (worn === "typed") return `... on ${type.name} { ${selection} }`;
  if (worn === "include" || worn === "skip") return `... ${condition(draft, worn)} { ${selection} }`;
  if (worn === "spread") return spread(draft, type, selection);
  return selection;
}

function condition({ pick, recipe, variables }: Draft, directive: "include" | "skip"): string {
  const name = `v${pick(recipe.count)}`;
  if (!variables.has(name)) variables.set(name, { type: "Boolean!", value: pick(2) === 0 });
  return `@${directive}(if: $${name})`;
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

/** Arguments a field needs; where it takes any value at all, this one. */
export function argumentsOf(draft: Draft, field: GraphQLField<unknown, unknown>, json = "1"): string {
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

export function many(count: number, of: (index: number) => string, between = " "): string {
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
