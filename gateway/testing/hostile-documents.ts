import fc from "fast-check";
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInputObjectType,
} from "graphql";
import {
  argumentsOf,
  createDraft,
  DRESSES,
  type Draft,
  dress,
  MAX_NAMES,
  many,
  operation,
  type Recipe,
  walk,
} from "./hostile-draft.ts";

/** What a client sends, as far as it is hostile. */
export interface HostileRequest {
  shape: Shape;
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

const SHAPES = {
  walk: (draft: Draft) => operation(draft, (type) => walk(draft, type, draft.recipe.depth)),
  repeat: (draft: Draft) => operation(draft, (type) => repeat(draft, type)),
  chain: (draft: Draft) => operation(draft, (type) => chain(draft, type)),
  cycle: (draft: Draft) => operation(draft, (type) => chain(draft, type, "again")),
  literals: (draft: Draft) => anyValue(draft, literal(draft)),
  variables: (draft: Draft) => variables(draft),
  operations: (draft: Draft) => operations(draft),
  introspection: (draft: Draft) => operation(draft, () => introspection(draft)),
  texts: (draft: Draft) => texts(draft),
  faults: (draft: Draft) => faults(draft),
  mixed: (draft: Draft) => mixed(draft),
  brackets: ({ recipe, pick }: Draft) =>
    many(recipe.count * recipe.width, () => "{[($:a1"[pick(8)] ?? " } ", pick(2) === 0 ? "" : " "),
};
type Shape = keyof typeof SHAPES;

/**
 * Requests that are made to cost more than they look: nesting, fragments that unfold, aliases, directives, conditions, literals,
 * variables, long texts, cycles, faults, and all of them mixed. Most of them are valid in the schema, so that they reach the
 * planner and the subgraphs when nothing stops them.
 */
export function hostileRequest(schema: GraphQLSchema): fc.Arbitrary<HostileRequest> {
  const recipe = fc.record({
    shape: fc.constantFrom(...(Object.keys(SHAPES) as Shape[])),
    count: fc.integer({ min: 1, max: 120 }),
    width: fc.integer({ min: 1, max: 6 }),
    depth: fc.integer({ min: 1, max: 40 }),
    dresses: fc.subarray([...DRESSES], { minLength: 1 }),
    seed: fc.nat(),
  });
  return recipe.map((each) => write(schema, each));
}

function write(schema: GraphQLSchema, { shape, ...recipe }: Recipe & { shape: Shape }): HostileRequest {
  const draft = createDraft(schema, recipe);
  const text = SHAPES[shape](draft);
  const fragments = draft.fragments.map(({ name, type, body }) => `fragment ${name} on ${type} { ${body} }`);
  return {
    shape,
    query: [text, ...fragments].join(" "),
    variables: Object.fromEntries([...draft.variables].map(([name, { value }]) => [name, value])),
    ...(shape === "operations" ? { operationName: "O0" } : {}),
  };
}

/** The same selection many times over, each time dressed anew. */
function repeat(draft: Draft, type: GraphQLNamedType): string {
  const { count, depth } = draft.recipe;
  const selection = walk(draft, type, Math.min(depth, 10));
  return many(Math.min(count, Math.ceil(8_000 / selection.length)), () => dress(draft, type, selection));
}

/** A chain of fragments, each of which spreads the next one several times; the last ends, or begins again. */
function chain(draft: Draft, type: GraphQLNamedType, last: "end" | "again" = "end"): string {
  const { count, width, depth } = draft.recipe;
  const first = draft.fragments.length;
  const dresses = draft.recipe.dresses.filter((dressed) => dressed !== "spread");
  const plain: Draft = { ...draft, recipe: { ...draft.recipe, dresses: dresses.length === 0 ? ["plain"] : dresses } };
  const end = first + Math.min(count, depth * 2);
  for (let i = first; i < end; i += 1) {
    const next = i === end - 1 && last === "again" ? first : i + 1;
    draft.fragments.push({
      name: `F${i}`,
      type: type.name,
      body: many(width, () => dress(plain, type, `...F${next}`)),
    });
  }
  draft.fragments.push({ name: `F${end}`, type: type.name, body: walk(plain, type, 2) });
  return `...F${first}`;
}

/** Lists and objects inside one another, or beside one another. */
function literal(draft: Draft): string {
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
  return pick(2) === 0 ? nested(recipe.depth) : `[${wide}]`;
}

/** An operation with a literal in a place that takes any value: an argument, a part of an input, or a default. */
function anyValue(draft: Draft, value: string): string {
  const { pick } = draft;
  const json = fieldsWithJson(draft.schema);
  const chosen = json[pick(json.length)];
  if (chosen === undefined) return `query ($v: JSON = ${value}) { __typename }`;
  const { kind, field } = chosen;
  const body = isCompositeType(getNamedType(field.type)) ? " { __typename }" : "";
  const asDefault = pick(3) === 0 && field.args.some(({ type }) => getNamedType(type).name === "JSON");
  return asDefault
    ? `${kind} ($v: JSON = ${value}) { ${field.name}${argumentsOf(draft, field, "$v")}${body} }`
    : `${kind} { ${field.name}${argumentsOf(draft, field, value)}${body} }`;
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

/** Values of variables that are deep, or long, or are what nobody declared; in a place that takes any value, or one of texts. */
function variables(draft: Draft): string {
  const { pick, recipe, schema } = draft;
  const nested = (depth: number): unknown =>
    depth <= 0 ? "a" : pick(2) === 0 ? [nested(depth - 1)] : { [`a${pick(9)}`]: nested(depth - 1) };
  const wide = Array.from({ length: recipe.count * recipe.width }, () => nested(pick(4)));
  const value = pick(2) === 0 ? nested(recipe.depth) : wide;
  for (let i = 0; i < pick(recipe.count); i += 1)
    draft.variables.set(`w${i}`, { type: pick(2) === 0 ? "JSON" : "[[String]]", value });
  const json = fieldsWithJson(schema);
  const chosen = json[pick(json.length)];
  const used = many(draft.variables.size, (i) => `$w${i}`);
  const declared = [...draft.variables].map(([name, { type }]) => `$${name}: ${type}`).join(" ");
  const head = declared === "" ? "" : `(${declared})`;
  if (chosen === undefined) return `query ${head} { __typename }`;
  const { kind, field } = chosen;
  const body = isCompositeType(getNamedType(field.type)) ? " { __typename }" : "";
  return `${kind} ${head} { ${field.name}${argumentsOf(draft, field, `[${used}]`)}${body} }`;
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

/** The schema, asked for to any depth: what is below is there many times. */
function introspection(draft: Draft): string {
  const { schema, recipe, pick } = draft;
  const [about, type] = pick(2) === 0 ? ["__schema", "__Schema"] : ['__type(name: "Run")', "__Type"];
  const root = schema.getType(type);
  if (root === undefined) throw new Error(`the schema has no ${type}`);
  return many(1 + pick(3), (i) => `i${i}: ${about} { ${walk(draft, root, Math.min(recipe.depth, 14))} }`);
}

/** Few tokens that are long: comments, names, numbers, strings and block strings, and what is between tokens. */
function texts(draft: Draft): string {
  const { pick, recipe } = draft;
  const long = (of: string): string => of.repeat(1 + pick(recipe.count * 200));
  const kinds = [
    () => `# ${long("x")}\n __typename`,
    () => `a${long("b")}: __typename`,
    () => `run(id: "${long("\\u0041")}") { id }`,
    () => `run(id: """${long(pick(2) === 0 ? "\n" : ' \\""" \n')}""") { id }`,
    () => `runs(first: ${long("9")}) { nodes { id } }`,
    () => `${long(pick(2) === 0 ? "," : "\n\r\t\ufeff")} __typename`,
    () => `... on ${long("T")} { __typename }`,
    () => `__typename @${long("d")}`,
    () => `run(id: $${long("v")}) { id }`,
  ];
  return `{ ${many(recipe.width, () => kinds[pick(kinds.length)]?.() ?? "")} }`;
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
    () => `run(${many(width, (i) => `id${i}: "a"`)}) { id }`,
  ];
  const kind = kinds[pick(kinds.length)];
  return `{ ${many(count, () => (pick(4) === 0 ? kinds[pick(kinds.length)] : kind)?.() ?? "")} }`;
}

/** Several shapes in one operation. */
function mixed(draft: Draft): string {
  const { pick, recipe } = draft;
  const smaller: Draft = { ...draft, recipe: { ...recipe, count: 1 + pick(8), depth: 1 + pick(8) } };
  const parts = [
    (type: GraphQLNamedType) => walk(smaller, type, smaller.recipe.depth),
    (type: GraphQLNamedType) => repeat(smaller, type),
    (type: GraphQLNamedType) => chain(smaller, type),
    (type: GraphQLNamedType) => (type.name === "Query" ? introspection(smaller) : "__typename"),
    () => `__typename @include(if: ${pick(2) === 0}) # ${"x".repeat(pick(9))}\n`,
  ];
  return operation(draft, (type) => many(1 + pick(5), () => parts[pick(parts.length)]?.(type) ?? ""));
}
