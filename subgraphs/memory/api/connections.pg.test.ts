import { type Subgraph, startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remember } from "../commands/remember.ts";
import { memoryMigrations } from "../migrate.ts";
import { createLocalBrain } from "../recall/local/local-brain.ts";
import { fillMemories } from "../testing/fill-memories.ts";
import { createResolvers } from "./resolvers.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

const ARGS = "first: $first, after: $after, last: $last, before: $before";
const PAGE = "edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
const DOCUMENT = `query ($representations: [_Any!]!, $first: Int, $after: String, $last: Int, $before: String) {
  _entities(representations: $representations) {
    ... on Run { memories(${ARGS}) { nodes { id } ${PAGE} } }
    ... on Session { memories(${ARGS}) { nodes { id } ${PAGE} } }
    ... on Memory { links(${ARGS}) { nodes { target { id } } ${PAGE} } } } }`;

describe("connections of memory", () => {
  const now = () => new Date();
  let database: TestDatabase;
  /** Transactions that requests have opened so far. */
  let transactions = 0;
  let subgraph: Subgraph;
  let ask: (source: string, variableValues: object, tenant?: string) => Promise<Answer>;

  beforeAll(async () => {
    database = await createTestDatabase("memory_pages", await memoryMigrations());
    const sql = new Proxy(database.request, {
      get(target, name) {
        if (name === "reserve") transactions += 1;
        return Reflect.get(target, name);
      },
    });
    const resolvers = createResolvers({
      somaBrain: undefined,
      sql,
      brain: createLocalBrain({ sql, now }),
      now,
      admit: async () => {},
    });
    subgraph = await startSubgraph({
      name: "memory",
      typeDefs: await readTypeDefs(new URL("./", import.meta.url)),
      resolvers,
      verify: async (tenant) => aPrincipal({ tenant }),
      log: createSilentLog(),
      host: "127.0.0.1",
      port: 0,
      checks: {},
    });
    const { url } = subgraph;
    const client = createServiceClient({ peer: "memory", url, sign: async ({ tenant }) => tenant });
    ask = (document, variables, tenant = "acme") =>
      client.request(document, variables, { principal: aPrincipal({ tenant }) });
  });
  afterAll(async () => {
    await subgraph.close();
    await database.close();
  });

  const tell = async (changes: object = {}): Promise<string> => {
    const { memory } = await remember({ sql: database.request, now }, aPrincipal(), {
      namespace: "default",
      sessionId: newId("Session"),
      role: "USER",
      kind: "MESSAGE",
      content: newId(),
      at: "2026-01-01T00:00:00.000Z",
      idempotencyKey: newId(),
      ...changes,
    });
    return memory.memoryId;
  };
  const tellAll = async (count: number, changes: object = {}): Promise<string[]> => {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push(await tell(changes));
    return ids.toSorted();
  };
  /** Links as they are made, at these microseconds of one second: several may be of one instant. */
  const linkAll = async (
    sourceId: string,
    links: [us: number, relation: string, targetId: string][],
  ): Promise<void> => {
    for (const [us, relation, targetId] of links)
      await database.owner`insert into memory_edge (tenant, source_id, relation, target_id, created_at) values
        ('acme', ${sourceId}, ${relation}, ${targetId}, '2026-01-01T00:00:00Z'::timestamptz + ${us}::int * interval '1 microsecond')`;
  };
  /** One page of the list below one parent: ids, cursors and where it stands. */
  const page = async (parent: { __typename: string; id: string }, args: object, tenant?: string): Promise<Answer> => {
    const { _entities } = await ask(DOCUMENT, { representations: [parent], ...args }, tenant);
    const { nodes, edges, pageInfo } = _entities[0].memories ?? _entities[0].links;
    const ids = nodes.map((node: Answer) => node.id ?? node.target.id);
    expect(pageInfo).toMatchObject({
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    return { ids, cursors: edges.map((edge: Answer) => edge.cursor), ...pageInfo };
  };

  /** Walks a list of five in pages of two, from either end and between its borders. */
  async function walk(parent: { __typename: string; id: string }, all: string[]): Promise<void> {
    const first = await page(parent, { first: 2 });
    expect(first).toMatchObject({ ids: all.slice(0, 2), hasNextPage: true, hasPreviousPage: false });
    const second = await page(parent, { first: 2, after: first.endCursor });
    expect(second).toMatchObject({ ids: all.slice(2, 4), hasNextPage: true, hasPreviousPage: true });
    const third = await page(parent, { first: 2, after: second.endCursor });
    expect(third).toMatchObject({ ids: all.slice(4), hasNextPage: false, hasPreviousPage: true });
    expect(await page(parent, { first: 2, after: third.endCursor })).toMatchObject({ ids: [], hasNextPage: false });
    expect(await page(parent, { first: 5 })).toMatchObject({ ids: all, hasNextPage: false });

    const last = await page(parent, { last: 2 });
    expect(last).toMatchObject({ ids: all.slice(3), hasNextPage: false, hasPreviousPage: true });
    const middle = await page(parent, { last: 2, before: last.startCursor });
    expect(middle).toMatchObject({ ids: all.slice(1, 3), hasNextPage: true, hasPreviousPage: true });
    const begin = await page(parent, { last: 2, before: middle.startCursor });
    expect(begin).toMatchObject({ ids: all.slice(0, 1), hasNextPage: true, hasPreviousPage: false });
    expect(await page(parent, { last: 2, before: begin.startCursor })).toMatchObject({
      ids: [],
      hasPreviousPage: false,
    });

    const between = { after: first.cursors[0], before: third.cursors[0] };
    expect((await page(parent, between)).ids).toEqual(all.slice(1, 4));
    expect((await page(parent, { ...between, first: 1 })).ids).toEqual(all.slice(1, 2));
    expect((await page(parent, { ...between, last: 1 })).ids).toEqual(all.slice(3, 4));
  }

  it("page through what a run and a session remembered, from both ends", async () => {
    const [runId, sessionId] = [newId("Run"), newId("Session")];
    const ids = await tellAll(5, { runId, sessionId });
    await tellAll(2);
    await walk({ __typename: "Run", id: runId }, ids);
    await walk({ __typename: "Session", id: sessionId }, ids);
  });

  it("page through a memory's links, from both ends, also where they were made in one millisecond or one instant", async () => {
    const [source = "", other = "", ...targets] = await tellAll(7);
    const [a = "", b = "", c = "", d = "", e = ""] = targets;
    await linkAll(source, [
      [3, "next", e],
      [1, "next", b],
      [2, "about", d],
      [1, "about", a],
      [1, "next", c],
    ]);
    await linkAll(other, [[1, "next", a]]);
    await walk({ __typename: "Memory", id: source }, [a, b, c, d, e]);
  });

  it("give fifty when nothing is asked for, two hundred at most, and nothing of what does not exist", async () => {
    await fillMemories(database, { tenant: "many", count: 60 });
    const [row] = await database.owner`select memory_id as id from memory_item where tenant = 'many'`;
    const session = { __typename: "Session", id: newId("Session") };
    await database.owner`update memory_item set session_id = ${session.id} where tenant = 'many'`;
    await database.owner`insert into memory_edge (tenant, source_id, relation, target_id)
      select tenant, ${row?.id}, 'about', memory_id from memory_item where tenant = 'many'`;
    for (const parent of [session, { __typename: "Memory", id: row?.id as string }]) {
      expect(await page(parent, {}, "many")).toMatchObject({ ids: { length: 50 }, hasNextPage: true });
      expect(await page(parent, { last: 200 }, "many")).toMatchObject({ ids: { length: 60 }, hasPreviousPage: false });
      const refused = [{ first: 201 }, { last: 0 }, { first: 1, last: 1 }];
      for (const args of refused) await expect(page(parent, args, "many")).rejects.toMatchObject({ code: "BAD_INPUT" });
    }
    const nothing = { ids: [], cursors: [], hasNextPage: false, hasPreviousPage: false };
    expect(await page({ __typename: "Run", id: newId("Run") }, {})).toMatchObject(nothing);
    expect(await page({ __typename: "Run", id: "nope" }, {})).toMatchObject(nothing);
  });

  it("refuse a cursor of another list, and show nothing of another tenant after one of its own", async () => {
    const runId = newId("Run");
    const [source = "", target = ""] = await tellAll(2, { runId });
    await linkAll(source, [[1, "next", target]]);
    const run = { __typename: "Run", id: runId };
    const memory = { __typename: "Memory", id: source };
    const [ofRun] = (await page(run, {})).cursors;
    const [ofLink] = (await page(memory, {})).cursors;
    for (const [parent, cursor] of [
      [run, ofLink],
      [memory, ofRun],
      [run, "nonsense"],
      [memory, ""],
    ] as const)
      for (const args of [{ after: cursor }, { before: cursor }])
        await expect(page(parent, args)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    for (const args of [{}, { after: ofRun }, { last: 5 }]) expect((await page(run, args, "stranger")).ids).toEqual([]);
    await expect(ask(DOCUMENT, { representations: [memory] }, "stranger")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("cost a constant number of transactions, however many parents and pages are asked for", async () => {
    const runIds = Array.from({ length: 5 }, () => newId("Run"));
    const ids: string[] = [];
    for (let i = 0; i < 50; i += 1) ids.push(await tell({ runId: runIds[i % 5] }));
    for (const [i, sourceId] of ids.slice(0, 49).entries()) await linkAll(sourceId, [[i, "next", ids[i + 1] ?? ""]]);
    const before = transactions;
    const links = "nodes { id links(first: 1) { nodes { target { id content } } } }";
    const { _entities } = await ask(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on Run { memories { ${links} } begin: memories(first: 2) { ${links} } end: memories(last: 2) { ${links} } } } }`,
      { representations: runIds.map((id) => ({ __typename: "Run", id })) },
    );
    // One for the memories of all pages, one for all links, one for all targets.
    expect(transactions - before).toBe(3);
    const of = (name: string): string[][] =>
      _entities.map((run: Answer) => run[name].nodes.map((one: Answer) => one.id));
    const expected = runIds.map((_id, run) => ids.filter((_memory, i) => i % 5 === run).toSorted());
    expect(of("memories")).toEqual(expected);
    expect(of("begin")).toEqual(expected.map((all) => all.slice(0, 2)));
    expect(of("end")).toEqual(expected.map((all) => all.slice(-2)));
    const linked = _entities.flatMap((run: Answer) => run.memories.nodes.map((one: Answer) => one.links.nodes.length));
    expect(linked.toSorted()).toEqual([0, ...Array(49).fill(1)]);
  });
});
