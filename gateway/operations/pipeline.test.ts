import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { createLab, type Lab } from "../testing/lab.ts";
import { composeLab } from "../testing/lab-subgraphs.ts";
import { createSupergraphExecutor } from "../upstream/supergraph.ts";
import { type AdmittedOperation, createPipeline } from "./pipeline.ts";

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

const TOO_DEEP = `{ run(id: "1") ${"{ parent ".repeat(12)} { id } ${"}".repeat(12)} }`;
const MANY_ALIASES = `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: crashes`).join(" ")} }`;
const MANY_ROOTS = `{ ${Array.from({ length: 21 }, () => "crashes").join(" ")} }`;
const MANY_TOKENS = `{ ${"crashes ".repeat(2_001)} }`;

/** Rule, what breaks it, and what its author reads. */
const RULES: [rule: string, payload: unknown, message: string | RegExp][] = [
  ["a query is a text", { query: 5 }, 'the request has no "query"'],
  ["a query is there", { query: " " }, 'the request has no "query"'],
  ["variables are an object", { query: "{ crashes }", variables: [1] }, '"variables" is not an object'],
  [
    "variables do not nest without end",
    { query: "query ($v: JSON) { echo(value: $v) }", variables: { v: nested(32) } },
    '"variables" nest deeper than 32 levels',
  ],
  ["the operation's name is a text", { query: "{ crashes }", operationName: 5 }, '"operationName" is not a text'],
  ["the document parses", { query: "{ crashes " }, /^Syntax Error/],
  ["tokens are limited", { query: MANY_TOKENS }, /more that 2000 tokens|2000 tokens/],
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
  ["depth is limited", { query: TOO_DEEP }, 'field "run" nests 14 levels; at most 12 are allowed'],
  ["aliases are limited", { query: MANY_ALIASES }, "the document has 31 aliases; at most 30 are allowed"],
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

  /** The protocol library checks the shape of messages itself, and closes a socket that sends something else. */
  const SHAPES = ["a query is a text", "variables are an object", "the operation's name is a text"];

  async function closedAfter(payload: unknown): Promise<number> {
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload });
    return (await socket.closed).code;
  }

  it.each(RULES)("%s", async (rule, payload, message) => {
    const matcher = typeof message === "string" ? message : expect.stringMatching(message);
    const http = await lab.post(payload);
    expect(http.status).toBe(400);
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
    const cases: [unknown, Record<string, string>, string][] = [
      [[{ query: "{ crashes }" }], { authorization }, "several operations"],
      ["{ nonsense", { authorization }, "not JSON"],
      [{ query: "{ crashes }" }, { authorization, "content-type": "text/plain" }, "content-type"],
      [{ query: 'subscription { steps(runId: "1") { seq } }' }, { authorization }, "WebSocket"],
    ];
    for (const [payload, headers, message] of cases) {
      const { status, errors } = await lab.post(payload, headers);
      expect([status, errors[0].message]).toEqual([400, expect.stringContaining(message)]);
    }
  });

  it("names where in the document a fault is, and reports several at once", async () => {
    const { errors } = await lab.post({ query: "{ nothing\n  neither }" });
    expect(errors.map((error) => error.locations)).toEqual([[{ line: 1, column: 3 }], [{ line: 2, column: 3 }]]);
  });
});

describe("createPipeline()", () => {
  const executor = createSupergraphExecutor(composeLab());
  const identify = async () => ({
    principal: { tenant: "acme", subject: "ada", roles: [], service: null },
    expiresAt: new Date(0),
  });
  const kinds = ["query"] as const;

  it("plans a document once and forgets the one not asked for longest", async () => {
    const pipeline = createPipeline(executor, { limits: { ...DEFAULT_LIMITS, documents: 2 }, introspection: true });
    const plan = async (query: string): Promise<AdmittedOperation["planned"]> =>
      (await pipeline({ identify, payload: { query }, kinds })).planned;
    const [a, b] = [await plan("{ a: crashes }"), await plan("{ b: crashes }")];
    expect(await plan("{ a: crashes }")).toBe(a);
    await plan("{ c: crashes }");
    expect(await plan("{ a: crashes }")).toBe(a);
    expect(await plan("{ b: crashes }")).not.toBe(b);
  });

  it("asks who it is before it reads anything", async () => {
    const pipeline = createPipeline(executor, { limits: DEFAULT_LIMITS, introspection: true });
    const nobody = (): Promise<never> => Promise.reject(new Error("nobody"));
    await expect(pipeline({ identify: nobody, payload: { query: "{ broken" }, kinds })).rejects.toThrow("nobody");
  });

  it("keeps the schema to itself when introspection is off", async () => {
    const pipeline = createPipeline(executor, { limits: DEFAULT_LIMITS, introspection: false });
    await expect(pipeline({ identify, payload: { query: "{ __schema { types { name } } }" }, kinds })).rejects.toThrow(
      "introspection",
    );
    await expect(pipeline({ identify, payload: { query: "{ __typename }" }, kinds })).resolves.toBeDefined();
  });
});
