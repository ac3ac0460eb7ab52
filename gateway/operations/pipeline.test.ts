import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { createLab, type Lab } from "../testing/lab.ts";

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

const TOO_DEEP = `{ run(id: "1") ${"{ parent ".repeat(12)} { id } ${"}".repeat(12)} }`;
const MANY_ALIASES = `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: crashes`).join(" ")} }`;
const MANY_ROOTS = `{ ${Array.from({ length: 21 }, () => "crashes").join(" ")} }`;
const MANY_TOKENS = `{ ${"crashes ".repeat(2_001)} }`;
const MANY_MUTATIONS = `mutation { ${Array.from({ length: 6 }, (_, i) => `m${i}: addRun(title: "a") { id }`).join(" ")} }`;
const UNFOLDING = `{ ...F0 } ${Array.from({ length: 32 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(" ")} fragment F32 on Query { crashes }`;

/** Rule, what breaks it, and what its author reads. */
const RULES: [rule: string, payload: unknown, message: string | RegExp][] = [
  ["a query is a text", { query: 5 }, 'the request has no "query"'],
  ["a query is there", { query: " " }, 'the request has no "query"'],
  ["variables are an object", { query: "{ crashes }", variables: [1] }, '"variables" is not an object'],
  ["extensions are an object", { query: "{ crashes }", extensions: [1] }, '"extensions" is not an object'],
  [
    "variables do not nest without end",
    { query: "query ($v: JSON) { echo(value: $v) }", variables: { v: nested(32) } },
    '"variables" nest deeper than 32 levels',
  ],
  ["the operation's name is a text", { query: "{ crashes }", operationName: 5 }, '"operationName" is not a text'],
  ["the document parses", { query: "{ crashes " }, /^Syntax Error/],
  ["tokens are limited", { query: MANY_TOKENS }, /2000 tokens/],
  ["there is an operation", { query: "fragment F on Run { id }" }, "the document has no operation"],
  [
    "one operation is chosen",
    { query: "query A { crashes } query B { crashes }" },
    "the document has 2 operations; say which with operationName",
  ],
  [
    "the chosen operation exists",
    { query: "query A { crashes }", operationName: "C" },
    'the document has no operation "C"; it has A',
  ],
  [
    "no field answers under a name that its object is known by",
    { query: '{ run(id: "1") { id: title invocations } }' },
    'Field "title" cannot answer as "id", by which its object is known; choose another alias',
  ],
  [
    "nor in a fragment, under that of its type",
    { query: '{ run(id: "1") { ...F } } fragment F on Run { __typename: title invocations }' },
    'Field "title" cannot answer as "__typename", by which its object is known; choose another alias',
  ],
  [
    "no variable is what a plan calls its objects",
    { query: "query ($representations: Int!) { slow(ms: $representations) }", variables: { representations: 1 } },
    'Variable "$representations" is taken by the gateway; choose another name',
  ],
  ["depth is limited", { query: TOO_DEEP }, 'field "run" nests 14 levels; at most 12 are allowed'],
  ["aliases are limited", { query: MANY_ALIASES }, "the document has 31 aliases; at most 30 are allowed"],
  [
    "mutations are limited",
    { query: MANY_MUTATIONS },
    "the operation has 6 mutations; at most 5 are allowed in one request",
  ],
  [
    "brackets are limited",
    { query: `{ echo(value: ${"[".repeat(65)}${"]".repeat(65)}) }` },
    "the document has more than 64 brackets inside one another",
  ],
  [
    "literals are limited",
    { query: `{ echo(value: ${"[".repeat(20)}${"]".repeat(20)}) }` },
    /^the literals of the document/,
  ],
  ["selections are limited", { query: UNFOLDING }, /^the document selects 12884901887 fields and fragments/],
  [
    "fragments do not hold themselves",
    { query: "{ ...F } fragment F on Query { ...F }" },
    'Cannot spread fragment "F" within itself',
  ],
  [
    "directives are limited",
    { query: `{ ${"crashes @skip(if: true) ".repeat(20)} ${"... @skip(if: true) { crashes }".repeat(11)} }` },
    /^the document has 31 directives/,
  ],
  [
    "fields of one name are limited",
    { query: `{ run(id: "1") { ${"title ".repeat(102)} } }` },
    /, 5151 pairs to compare/,
  ],
  [
    "cost is limited",
    { query: '{ run(id: "1") { ...F } page(first: 9000) { id parent { id } } } fragment F on Run { id }' },
    "the operation may cost 18001 objects, more than 10000; most of them are page (9000); ask for smaller pages or fewer lists inside lists",
  ],
  ["root fields are limited", { query: MANY_ROOTS }, "the operation has 21 fields at its root; at most 20 are allowed"],
  ["fields exist", { query: "{ nothing }" }, 'Cannot query field "nothing" on type "Query".'],
  [
    "@include at a subscription's root",
    { query: 'subscription ($v: Boolean!) { steps(runId: "1") @include(if: $v) { seq } }', variables: { v: true } },
    /\$v|variable|include/i,
  ],
  [
    "variables fit their types",
    { query: "query ($n: Int!) { runs(count: $n) { id } }", variables: { n: "many" } },
    /\$n.*many/,
  ],
  ["required variables are there", { query: "query ($n: Int!) { runs(count: $n) { id } }" }, /\$n.*required/],
];

describe("createPipeline() holds each rule on every transport", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab();
  });
  afterAll(() => lab.close());

  async function overSocket(payload: unknown): Promise<{ message: string; extensions: Record<string, unknown> }[]> {
    let ended: unknown;
    lab.connect().subscribe(payload as { query: string }, {
      next: (result) => (ended = result),
      error: (error) => (ended = error),
      complete: () => {},
    });
    await until("the socket answered", () => ended !== undefined);
    return ended as { message: string; extensions: Record<string, unknown> }[];
  }

  const NO_REQUESTS = RULES.slice(
    0,
    RULES.findIndex(([rule]) => rule === "the document parses"),
  ).map(([rule]) => rule);
  /** The protocol library checks the shape of messages itself, and closes a socket that sends something else. */
  const SHAPES = [
    "a query is a text",
    "variables are an object",
    "extensions are an object",
    "the operation's name is a text",
  ];

  async function closedAfter(payload: unknown): Promise<number> {
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload });
    return (await socket.closed).code;
  }

  it.each(RULES)("%s", async (rule, payload, message) => {
    const matcher = typeof message === "string" ? message : expect.stringMatching(message);
    const http = await lab.post(payload);
    // A fault of the document is an answer of GraphQL; a request that holds no operation is none.
    expect(http.status).toBe(NO_REQUESTS.includes(rule) ? 400 : 200);
    expect(http.data).toBeUndefined();
    expect(http.errors[0]).toMatchObject({
      message: matcher,
      extensions: { code: "BAD_INPUT", retryable: false, traceId: expect.any(String) },
    });
    if (SHAPES.includes(rule)) return expect(await closedAfter(payload)).toBe(4400);
    const socket = await overSocket(payload);
    expect(socket[0]).toMatchObject({
      message: matcher,
      extensions: { code: "BAD_INPUT", retryable: false, traceId: expect.any(String) },
    });
  });

  it("refuses sizes, batches and other content types over HTTP", async () => {
    const large = await lab.post({ query: `{ crashes } # ${"x".repeat(DEFAULT_LIMITS.bodyBytes)}` });
    expect([large.status, large.errors[0].extensions.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    const authorization = `Bearer ${await lab.token()}`;
    const cases: [unknown, Record<string, string>, string, number?][] = [
      [[{ query: "{ crashes }" }], { authorization }, "several operations"],
      ["{ nonsense", { authorization }, "not JSON"],
      [{ query: "{ crashes }" }, { authorization, "content-type": "text/plain" }, "content-type", 415],
      [{ query: 'subscription { steps(runId: "1") { seq } }' }, { authorization }, "WebSocket"],
    ];
    for (const [payload, headers, message, expected = 400] of cases) {
      const { status, errors } = await lab.post(payload, headers);
      expect([status, errors[0].message]).toEqual([expected, expect.stringContaining(message)]);
    }
  });

  it("names where in the document a fault is, and reports several at once", async () => {
    const { errors } = await lab.post({ query: "{ nothing\n  neither }" });
    expect(errors.map((error) => error.locations)).toEqual([[{ line: 1, column: 3 }], [{ line: 2, column: 3 }]]);
  });
});
