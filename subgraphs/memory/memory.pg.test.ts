import { readFile } from "node:fs/promises";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createRequestContext } from "@soma/shared/graphql/context";
import { createServiceClient, type ServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Running } from "@soma/shared/subgraph-settings";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { graphql, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createResolvers } from "./api/resolvers.ts";
import { startMemory } from "./main.ts";
import { memoryMigrations } from "./migrate.ts";

const REMEMBER = `mutation ($input: RememberInput!) { remember(input: $input) { deduplicated memory { id key kind content meta } } }`;
const LINK = `mutation ($input: LinkInput!) { link(input: $input) { source { id links { relation target { id content } } } } }`;
const RECALL = `query ($input: RecallInput!) { recall(input: $input) { source hits { score why memory { id content kind links { relation target { id } } } } } }`;
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Run { memories { id } } ... on Session { memories { id } } ... on Memory { content } } }`;

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

const FILLER = [
  "invoice",
  "harbour",
  "violin",
  "glacier",
  "ticket",
  "onion",
  "lantern",
  "pencil",
  "meadow",
  "engine",
  "number",
  "favourite",
  "colour",
  "budget",
  "train",
];

/** Filler sentences straight into the table: 20 000 of several tenants would take minutes one by one. */
async function fill(database: TestDatabase, tenant: string, count: number): Promise<void> {
  await database.owner`insert into memory_item (tenant, memory_id, namespace, session_id, role, kind, content, meta, at, idem_key_base, somabrain_key, created_at)
    select ${tenant}, gen_random_uuid(), 'default', gen_random_uuid(), 'user', 'MESSAGE',
      'The ' || (${FILLER}::text[])[1 + n % 15] || ' and the ' || (${FILLER}::text[])[1 + (n / 15) % 15] || ' of the ' || (${FILLER}::text[])[1 + (n / 225) % 15] || ' were seen ' || n,
      '{}', now(), 'filler-' || n, 'filler-' || n, now() from generate_series(1, ${count}::int) n`;
}

describe("memory subgraph", () => {
  const log = createSilentLog();
  const sessionId = newId();
  let database: TestDatabase;
  let internal: TestKeys;
  let running: Running;
  let client: ServiceClient;

  const ask = (document: string, variables: object, principal = aPrincipal()): Promise<Answer> => client.request(document, variables, { principal });
  const input = (content: string, changes: object = {}) => ({
    sessionId,
    role: "USER",
    kind: "MESSAGE",
    content,
    at: "2026-01-01T00:00:00.000Z",
    idempotencyKey: newId(),
    ...changes,
  });
  const remember = async (content: string, changes: object = {}, principal = aPrincipal()): Promise<Answer> =>
    (await ask(REMEMBER, { input: input(content, changes) }, principal)).remember;
  const recall = async (query: string, changes: object = {}, principal = aPrincipal()): Promise<string[]> =>
    (await ask(RECALL, { input: { query, ...changes } }, principal)).recall.hits.map((hit: Answer) => hit.memory.content);

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    internal = await createKeys();
    const env = {
      DATABASE_URL: database.urls.request,
      WORKER_DATABASE_URL: database.urls.worker,
      SOMA_MEMORY_SCHEMA: database.schema,
      SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(internal.publicKey),
    };
    running = await startMemory({ env, bus: createLocalBus(), log });
    client = createServiceClient({ peer: "memory", url: running.url, sign: await createPrincipalSigner(internal.privateKey, "test") });
  });
  afterAll(async () => {
    await running.close();
    await database.close();
  });

  it("refuses who is not signed", async () => {
    const response = await fetch(running.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(response.status).toBe(401);
  });

  it("remembers once per caller's key, also when two arrive at once, and refuses another body", async () => {
    const key = newId();
    const [a, b] = await Promise.all([remember("a cat", { idempotencyKey: key }), remember("a cat", { idempotencyKey: key })]);
    expect(a.memory.id).toBe(b.memory.id);
    expect([a.deduplicated, b.deduplicated].toSorted()).toEqual([false, true]);
    await expect(remember("a dog", { idempotencyKey: key })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });

  it("knows the same memory told twice under other keys, and mirrors its key in meta", async () => {
    const first = await remember("the door is green", { meta: { source: "door" } });
    const again = await remember("the door is green");
    expect(again).toMatchObject({ deduplicated: true, memory: { id: first.memory.id } });
    expect(first.memory.key).toMatch(new RegExp(`^acme/default/${sessionId}/user/2026-01-01T00:00:00.000Z/[0-9a-f]{16}$`));
    expect(first.memory.meta).toEqual({ source: "door", idem_key_base: first.memory.key, idem_suffix: null });
  });

  it("keeps other content with the same key apart by a suffix", async () => {
    const fact = await remember("the bell rang", { kind: "FACT" });
    const message = await remember("the bell rang");
    expect(message.deduplicated).toBe(false);
    expect(message.memory.key).toMatch(new RegExp(`^${fact.memory.key}~[0-9a-f]{8}$`));
  });

  it.each([
    ["content", { content: "" }],
    ["content", { content: "x".repeat(32_001) }],
    ["namespace", { namespace: "Not/Good" }],
    ["at", { at: "yesterday" }],
    ["at", { at: new Date(Date.now() + 3_600_000).toISOString() }],
    ["session id", { sessionId: "nope" }],
    ["idempotency key", { idempotencyKey: "" }],
    ["meta", { meta: [1] }],
  ])("refuses a bad %s by name", async (name, changes) => {
    await expect(ask(REMEMBER, { input: { ...input("x"), ...changes } })).rejects.toThrow(new RegExp(name));
  });

  it("keeps what jsonb and text cannot hold as replacement characters", async () => {
    expect((await remember("nul\u0000here")).memory.content).toBe("nul\ufffdhere");
  });

  it("links both ways of asking once, and refuses what does not exist or is itself", async () => {
    const [a, b] = [await remember("question"), await remember("answer", { role: "ASSISTANT" })];
    const linked = { sourceId: a.memory.id, targetId: b.memory.id, relation: "answered_by", idempotencyKey: newId() };
    await ask(LINK, { input: linked });
    const { link } = await ask(LINK, { input: linked });
    expect(link.source.links).toEqual([{ relation: "answered_by", target: { id: b.memory.id, content: "answer" } }]);
    await expect(ask(LINK, { input: { ...linked, targetId: newId() } })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(ask(LINK, { input: { ...linked, targetId: a.memory.id } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(ask(LINK, { input: { ...linked, relation: "Bad Relation" } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(ask(LINK, { input: linked }, aPrincipal({ tenant: "stranger" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("recalls a fact first among two thousand others, by words and by spelling", async () => {
    const principal = aPrincipal({ tenant: "recall" });
    await fill(database, "recall", 2_000);
    await remember("What is my favourite number?", {}, principal);
    await remember("my favourite number is 37", { kind: "FACT" }, principal);
    await remember("Do you like Lisbon?", {}, principal);
    for (const query of ["What is my favourite number?", "my favourite number", "favorit numbr", "what's my favorite number"]) {
      expect((await recall(query, {}, principal))[0], query).toBe("my favourite number is 37");
    }
    expect(await recall("What is my favourite number?", {}, principal)).not.toContain("What is my favourite number?");
    expect(await recall("the of and", {}, principal)).toEqual([]);
    expect(await recall("zzzxqqq", {}, principal)).toEqual([]);
    expect(await recall("lisbon", { kind: "FACT" }, principal)).toEqual([]);
    expect(await recall("lisbon", { limit: 1 }, principal)).toEqual(["Do you like Lisbon?"]);
    expect(await recall("lisbon", { sessionId: newId() }, principal)).toEqual([]);
  });

  it("takes hostile queries as words", async () => {
    for (const query of ["'; drop table memory_item; --", "a & b | !c <-> (", "%_\\", "\u0000", "🦄".repeat(200)])
      expect(Array.isArray(await recall(query))).toBe(true);
    await expect(recall(" ")).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(recall("x".repeat(2_001))).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(recall("x", { limit: 51 })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("shows another tenant nothing on any field", async () => {
    const runId = newId();
    const { memory } = await remember("the vault code is 9911", { runId });
    const stranger = aPrincipal({ tenant: "stranger" });
    expect(await recall("vault code", {}, stranger)).toEqual([]);
    expect(await ask("query ($id: ID!) { memory(id: $id) { id } }", { id: memory.id }, stranger)).toEqual({ memory: null });
    const representations = [
      { __typename: "Run", id: runId },
      { __typename: "Session", id: sessionId },
    ];
    expect((await ask(ENTITIES, { representations }, stranger))._entities).toEqual([{ memories: [] }, { memories: [] }]);
    expect((await ask(ENTITIES, { representations }))._entities[0]).toEqual({ memories: [{ id: memory.id }] });
  });

  it("reads fifty memories with their links in a constant number of statements", async () => {
    const runId = newId();
    const ids: string[] = [];
    for (let i = 0; i < 50; i += 1) ids.push((await remember(`entry ${i}`, { runId })).memory.id);
    for (const [i, sourceId] of ids.slice(0, 49).entries())
      await ask(LINK, { input: { sourceId, targetId: ids[i + 1], relation: "next", idempotencyKey: newId() } });
    const document = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Run { memories { id links { target { id content } } } } } }`;
    let transactions = 0;
    const counting = new Proxy(database.request, {
      get(target, name) {
        if (name === "reserve") transactions += 1;
        return Reflect.get(target, name);
      },
    });
    const schema = buildSubgraphSchema([
      {
        typeDefs: parse(await readFile(new URL("./api/memory.graphql", import.meta.url), "utf8")),
        resolvers: createResolvers({ sql: counting, now: () => new Date() }) as never,
      },
    ]);
    const contextValue = createRequestContext({ principal: aPrincipal(), requestId: "r", log });
    const { data, errors } = (await graphql({
      schema,
      source: document,
      contextValue,
      variableValues: { representations: [{ __typename: "Run", id: runId }] },
    })) as Answer;
    expect(errors).toBeUndefined();
    expect(data._entities[0].memories.filter((memory: Answer) => memory.links.length === 1)).toHaveLength(49);
    expect(transactions).toBe(3);
  });

  it("publishes its events and leaves the outbox empty", async () => {
    await remember("published");
    await until("the outbox is empty", async () => (await database.owner`select 1 from outbox`).length === 0);
  });
});
