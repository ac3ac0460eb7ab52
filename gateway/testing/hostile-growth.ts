import { many } from "./hostile-draft.ts";

/** A request of some size: twice the size is about twice its text, or its variables. */
type Growth = (size: number) => { query: string; variables?: Record<string, unknown> };

const nest = (size: number, open: string, inner: string, close: string): string =>
  `${open.repeat(size)}${inner}${close.repeat(size)}`;
const remember = (meta: string): string =>
  `mutation { remember(input: { sessionId: "1", role: USER, kind: FACT, content: "a", at: "a", meta: ${meta}, idempotencyKey: "a" }) { memory { id } } }`;
const REMEMBER = remember("$v").replace("mutation", "mutation ($v: JSON)");
const conditions = (size: number): string => many(size, (i) => `$v${i}: Boolean!`);
const valuesOf = (size: number): Record<string, boolean> =>
  Object.fromEntries(Array.from({ length: size }, (_, i) => [`v${i}`, i % 3 > 0]));
/** Fragments, each of which holds the next one this often; the last has a field. */
const chain = (size: number, type: string, next: (name: string) => string): string =>
  `${many(size, (i) => `fragment F${i} on ${type} { ${next(`...F${i + 1}`)} }`)} fragment F${size} on ${type} { id }`;
const SERVICES =
  "memories(first: 1) { nodes { id run { graph } } } invocations(first: 1) { nodes { id decision { id } } } decisions(first: 1) { nodes { id } }";
const inRun = (body: string): string => `{ run(id: "1") { ${body} } }`;

/**
 * Every way in which a request of ours may grow, from what an honest client sends to far beyond the limits. What it costs grows
 * with its text and no faster, however it is made.
 */
export const GROWTHS: Record<string, Growth> = {
  "fields inside one another": (size) => ({
    query: inRun(nest(size, "session { runs(first: 1) { nodes { ", "id", "} } }")),
  }),
  "fields inside one another that are lists": (size) => ({
    query: inRun(nest(size, "session { runs { nodes { ", "id", "} } }")),
  }),
  "inline fragments inside one another": (size) => ({ query: inRun(nest(size, "... on Run { ", "id", "}")) }),
  "inline fragments beside one another": (size) => ({ query: inRun(many(size, () => "... { id }")) }),
  "inline fragments of other types": (size) => ({
    query: `{ node(id: "1") { ${many(size, (i) => `... on ${["Run", "Step", "Memory", "Session", "Invocation"][i % 5]} { id }`)} } }`,
  }),
  "fields of one name": (size) => ({ query: inRun(many(size, () => "id")) }),
  "objects of one name": (size) => ({ query: inRun(many(size, () => "session { id }")) }),
  "objects of one name in fragments": (size) => ({
    query: `${inRun(many(size, (i) => `...F${i}`))} ${many(size, (i) => `fragment F${i} on Run { session { runs { nodes { id } } } }`)}`,
  }),
  "objects of one name with long arguments": (size) => ({
    query: inRun(many(size, () => `memories(after: "${"x".repeat(200)}") { nodes { id } }`)),
  }),
  aliases: (size) => ({ query: inRun(many(size, (i) => `a${i}: id`)) }),
  "aliases of other services": (size) => ({
    query: inRun(many(size, (i) => `a${i}: memories(first: 1) { nodes { id } }`)),
  }),
  "fields at the root": (size) => ({ query: `{ ${many(size, (i) => `a${i}: run(id: "${i}") { id }`)} }` }),
  "fields of every service, many times at the root": (size) => ({
    query: `{ ${many(size, (i) => `a${i}: run(id: "1") { ${SERVICES} }`)} }`,
  }),
  "skip and include of every service, many times at the root": (size) => ({
    query: `query (${conditions(size)}) { ${many(size, (i) => `a${i}: run(id: "1") { ... @include(if: $v${i}) { ${SERVICES} } }`)} }`,
    variables: valuesOf(size),
  }),
  "types of every service, many times at the root": (size) => ({
    query: `{ ${many(size, (i) => `a${i}: node(id: "1") { ... on Run { ${SERVICES} } ... on Step { decision { id } invocation { id run { id } } } ... on Memory { run { ${SERVICES} } } }`)} }`,
  }),
  mutations: (size) => ({
    query: `mutation { ${many(size, (i) => `a${i}: cancelRun(input: { runId: "${i}", idempotencyKey: "a" }) { run { id } }`)} }`,
  }),
  operations: (size) => ({ query: `${inRun("id")} ${many(size, (i) => `query O${i} { viewer { tenant } }`)}` }),
  "fragments in a row": (size) => ({ query: `${inRun("...F0")} ${chain(size, "Run", (next) => next)}` }),
  "fragments spread twice": (size) => ({
    query: `${inRun("...F0")} ${chain(size, "Run", (next) => `${next} ${next}`)}`,
  }),
  "fragments spread twice in objects": (size) => ({
    query: `${inRun("session { ...F0 }")} ${chain(size, "Session", (next) => `a: runs { nodes { session { ${next} } } } b: runs { nodes { session { ${next} } } }`)}`,
  }),
  "fragments spread twice at the root": (size) => ({
    query: `{ ...F0 } ${chain(size, "Query", (next) => `${next} ${next}`)}`,
  }),
  "fragments that nothing spreads": (size) => ({
    query: `${inRun("id")} ${chain(size, "Run", (next) => `${next} ${next}`)}`,
  }),
  "fragments that end in themselves": (size) => ({
    query: `${inRun("...F0")} ${chain(size, "Run", (next) => `${next} ${next}`)} fragment F${size + 1} on Run { ...F0 }`,
  }),
  "directives on one field": (size) => ({ query: inRun(`id ${many(size, () => "@include(if: true)")}`) }),
  "directives that do not exist": (size) => ({ query: inRun(`id ${many(size, (i) => `@d${i}(a: 1)`)}`) }),
  "skip and include beside one another": (size) => ({
    query: `query (${conditions(size)}) ${inRun(many(size, (i) => `... @${i % 2 ? "skip" : "include"}(if: $v${i}) { id }`))}`,
    variables: valuesOf(size),
  }),
  "skip and include inside one another": (size) => ({
    query: `query (${conditions(size)}) ${inRun(
      nest(
        1,
        many(size, (i) => `... @${i % 2 ? "skip" : "include"}(if: $v${i}) {`),
        "id memories { nodes { id } }",
        " }".repeat(size),
      ),
    )}`,
    variables: valuesOf(size),
  }),
  "skip and include of other services": (size) => ({
    query: `query (${conditions(size)}) ${inRun(many(size, (i) => `... @include(if: $v${i}) { a${i}: ${["memories", "decisions", "invocations"][i % 3]}(first: 1) { nodes { id } } }`))}`,
    variables: valuesOf(size),
  }),
  "skip and include in fragments spread twice": (size) => ({
    query: `query (${conditions(size)}) ${inRun("...F0")} ${many(size, (i) => `fragment F${i} on Run { ...F${i + 1} @skip(if: $v${i}) ...F${i + 1} @include(if: $v${i}) }`)} fragment F${size} on Run { id }`,
    variables: valuesOf(size),
  }),
  "lists inside one another": (size) => ({ query: remember(nest(size, "[", "1", "]")) }),
  "objects inside one another": (size) => ({ query: remember(nest(size, "{a: ", "1", "}")) }),
  "lists and objects inside one another": (size) => ({ query: remember(nest(size, "[{a: ", "1", "}]")) }),
  "a list inside lists, many times": (size) => ({ query: remember(`[${many(size, () => "[[[1]]]")}]`) }),
  "a long list": (size) => ({ query: remember(`[${many(size, () => "1")}]`) }),
  "a wide object": (size) => ({ query: remember(`{${many(size, (i) => `a${i}: 1`)}}`) }),
  "defaults inside one another": (size) => ({
    query: REMEMBER.replace("$v: JSON", `$v: JSON = ${nest(size, "[", "1", "]")}`),
  }),
  "a literal in every argument": (size) => ({
    query: `{ ${many(size, (i) => `a${i}: auditEvents(filter: {}, first: 1) { nodes { id } }`)} }`,
  }),
  "values of variables inside one another": (size) => ({
    query: REMEMBER,
    variables: { v: JSON.parse(nest(size, "[", "1", "]")) },
  }),
  "a long list in a variable": (size) => ({
    query: REMEMBER,
    variables: { v: Array.from({ length: size }, () => [{ a: 1 }]) },
  }),
  "an input with fields nobody knows": (size) => ({
    query: "query ($v: RecallInput!) { recall(input: $v) { hits { score } } }",
    variables: { v: Object.fromEntries(Array.from({ length: size }, (_, i) => [`quer${i}`, i])) },
  }),
  "variables that nothing uses": (size) => ({ query: `query (${conditions(size)}) ${inRun("id")}` }),
  "a long name": (size) => ({ query: `{ ${"n".repeat(size * 20)} }` }),
  "a long alias": (size) => ({ query: `{ ${"n".repeat(size * 20)}: viewer { tenant } }` }),
  "a long text": (size) => ({ query: `{ run(id: "${"\\u0041".repeat(size * 4)}") { id } }` }),
  "a text of many lines": (size) => ({ query: `{ run(id: """${' \\""" \n'.repeat(size * 4)}""") { id } }` }),
  "a long number": (size) => ({ query: `{ runs(first: ${"9".repeat(size * 20)}) { nodes { id } } }` }),
  "a long comment": (size) => ({ query: `{ viewer { tenant } } # ${"x".repeat(size * 20)}` }),
  "many comments": (size) => ({ query: `{ viewer { tenant } } ${many(size, () => "# x\n")}` }),
  "commas and spaces": (size) => ({ query: `{ viewer { tenant } ${", \n".repeat(size * 8)} }` }),
  "names nobody knows": (size) => ({ query: inRun(many(size, (i) => `memorie${i}`)) }),
  "arguments nobody knows": (size) => ({ query: `{ run(${many(size, (i) => `id${i}: 1`)}) { id } }` }),
  "introspection inside itself": (size) => ({
    query: `{ __schema { types { fields { ${nest(size, "type { fields { ", "name", "} }")} } } } }`,
  }),
  "introspection inside itself, of one type": (size) => ({
    query: `{ __type(name: "Run") { ${nest(size, "fields { type { ", "name", "} }")} } }`,
  }),
  "introspection, many times": (size) => ({
    query: `{ ${many(size, (i) => `a${i}: __schema { types { fields { name } } }`)} }`,
  }),
  "introspection with many names": (size) => ({
    query: `{ __schema { types { fields { args { ${many(size, (i) => `a${i}: description`)} } } } } }`,
  }),
  brackets: (size) => ({ query: "{".repeat(size) }),
};
