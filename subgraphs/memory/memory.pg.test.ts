import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createServiceClient, type ServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { newId } from "@soma/shared/ids";
import { toStorableText } from "@soma/shared/json";
import { createSilentLog } from "@soma/shared/log";
import type { Running } from "@soma/shared/subgraph-settings";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryKey, withSuffix } from "./domain/memory-key.ts";
import { startMemory } from "./main.ts";
import { memoryMigrations } from "./migrate.ts";

const REMEMBER = `mutation ($input: RememberInput!) { remember(input: $input) { deduplicated memory { id key kind content meta } } }`;
const LINK = `mutation ($input: LinkInput!) { link(input: $input) { source { id links { nodes { relation target { id content } } } } } }`;
const RECALL = `query ($input: RecallInput!) { recall(input: $input) { source hits { score why memory { id content kind links { nodes { relation target { id } } } } } } }`;
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Run { memories { nodes { id } } } ... on Session { memories { nodes { id } } } ... on Memory { content } } }`;

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

describe("memory subgraph", () => {
  const log = createSilentLog();
  const sessionId = newId();
  let database: TestDatabase;
  let internal: TestKeys;
  let running: Running;
  const bus = createLocalBus();
  const events: Answer[] = [];
  let client: ServiceClient;

  const ask = (document: string, variables: object, principal = aPrincipal()): Promise<Answer> =>
    client.request(document, variables, { principal });
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
    (await ask(RECALL, { input: { query, ...changes } }, principal)).recall.hits.map(
      (hit: Answer) => hit.memory.content,
    );

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    internal = await createKeys();
    const env = {
      DATABASE_URL: database.urls.request,
      WORKER_DATABASE_URL: database.urls.worker,
      SOMA_MEMORY_SCHEMA: database.schema,
      SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(internal.publicKey),
    };
    running = await startMemory({ env, bus, log });
    await bus.subscribe(
      { group: "test", type: "memory.event.v1" },
      async (record) => void events.push(JSON.parse(record.value)),
    );
    client = createServiceClient({
      peer: "memory",
      url: running.url,
      sign: createPrincipalSigner(internal.privateKey, "soma-gateway"),
    });
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
    const [a, b] = await Promise.all([
      remember("a cat", { idempotencyKey: key }),
      remember("a cat", { idempotencyKey: key }),
    ]);
    expect(a.memory.id).toBe(b.memory.id);
    expect([a.deduplicated, b.deduplicated].toSorted()).toEqual([false, true]);
    await expect(remember("a dog", { idempotencyKey: key })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });

  it("knows the same memory told twice under other keys, and mirrors its key in meta", async () => {
    const first = await remember("the door is green", { meta: { source: "door" } });
    const again = await remember("the door is green");
    expect(again).toMatchObject({ deduplicated: true, memory: { id: first.memory.id } });
    expect(first.memory.key).toMatch(
      new RegExp(`^acme/default/${sessionId}/user/2026-01-01T00:00:00.000Z/[0-9a-f]{16}$`),
    );
    expect(first.memory.meta).toEqual({ source: "door", idem_key_base: first.memory.key, idem_suffix: null });
  });

  it("keeps other content with the same key apart by a suffix", async () => {
    const fact = await remember("the bell rang", { kind: "FACT" });
    const message = await remember("the bell rang");
    expect(message.deduplicated).toBe(false);
    expect(message.memory.key).toMatch(new RegExp(`^${fact.memory.key}~[0-9a-f]{8}$`));
  });

  it("stores what every key is made of, so that it can be computed again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", minLength: 1 }),
        fc.constantFrom("USER", "ASSISTANT", "SYSTEM", "TOOL"),
        fc.date({ min: new Date("1000-01-01T00:00:00Z"), max: new Date(), noInvalidDate: true }),
        async (content, role, at) => {
          const { memory } = await remember(content, { role, at: at.toISOString(), namespace: "keys-1" });
          const [row] = await database.owner`select * from memory_item where memory_id = ${memory.id}`;
          const {
            tenant,
            namespace,
            session_id,
            role: stored,
            at: said,
            content: kept,
            idem_key_base,
            idem_suffix,
            somabrain_key,
          } = row as Answer;
          expect(kept).toBe(toStorableText(content));
          expect(
            memoryKey({
              tenant,
              namespace,
              sessionId: session_id,
              role: stored,
              at: said.toISOString(),
              content: kept,
            }),
          ).toBe(idem_key_base);
          expect(withSuffix(idem_key_base, idem_suffix)).toBe(somabrain_key);
          expect(somabrain_key).toBe(memory.key);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["content", { content: "" }],
    ["content", { content: "x".repeat(65_537) }],
    ["namespace", { namespace: "Not/Good" }],
    ["at", { at: "yesterday" }],
    ["at", { at: "2026-01-01T00:00:00" }],
    ["at", { at: {} }],
    ["step id", { stepId: "s\u0000" }],
    ["step id", { stepId: "s".repeat(61) }],
    ["run id", { runId: "nope" }],
    ["idempotency key", { idempotencyKey: "k\u0000" }],
    ["idempotency key", { idempotencyKey: "k".repeat(201) }],
    ["meta", { meta: { big: "x".repeat(16_384) } }],
    ["at", { at: new Date(Date.now() + 3_600_000).toISOString() }],
    ["session id", { sessionId: "nope" }],
    ["idempotency key", { idempotencyKey: "" }],
    ["meta", { meta: [1] }],
  ])("refuses a bad %s by name", async (name, changes) => {
    await expect(ask(REMEMBER, { input: { ...input("x"), ...changes } })).rejects.toThrow(new RegExp(name));
  });

  it("keeps what jsonb and text cannot hold as replacement characters", async () => {
    const { memory } = await remember("nul\u0000here", { meta: { "name\u0000": ["\u0000"], "\ud800": 1 } });
    expect(memory.content).toBe("nul\ufffdhere");
    expect(memory.meta).toMatchObject({ "name\ufffd": ["\ufffd"], "\ufffd": 1 });
  });

  it("links both ways of asking once, and refuses what does not exist or is itself", async () => {
    const [a, b] = [await remember("question"), await remember("answer", { role: "ASSISTANT" })];
    const linked = { sourceId: a.memory.id, targetId: b.memory.id, relation: "answered_by", idempotencyKey: newId() };
    await ask(LINK, { input: linked });
    const { link } = await ask(LINK, { input: linked });
    expect(link.source.links.nodes).toEqual([
      { relation: "answered_by", target: { id: b.memory.id, content: "answer" } },
    ]);
    await expect(ask(LINK, { input: { ...linked, targetId: newId() } })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(ask(LINK, { input: { ...linked, targetId: a.memory.id } })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    await expect(ask(LINK, { input: { ...linked, relation: "Bad Relation" } })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    await expect(ask(LINK, { input: linked }, aPrincipal({ tenant: "stranger" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const reversed = { ...linked, sourceId: b.memory.id, targetId: a.memory.id };
    await expect(ask(LINK, { input: reversed })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await expect(remember("question", { idempotencyKey: linked.idempotencyKey })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await expect(ask(LINK, { input: { ...linked, idempotencyKey: "" } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect((await ask(LINK, { input: { ...linked, idempotencyKey: newId() } })).link.source.links.nodes).toHaveLength(
      1,
    );
  });

  it("recalls by what was asked, with its links, its score, its reason and who answered", async () => {
    const principal = aPrincipal({ tenant: "recall" });
    const [question, answer] = [
      await remember("Do you like Lisbon?", {}, principal),
      await remember("Lisbon is where I live", { kind: "FACT" }, principal),
    ];
    const linked = { sourceId: question.memory.id, targetId: answer.memory.id, relation: "answered_by" };
    await ask(LINK, { input: { ...linked, idempotencyKey: newId() } }, principal);
    const { recall: answered } = await ask(RECALL, { input: { query: "lisbon", kind: "MESSAGE" } }, principal);
    expect(answered).toEqual({
      source: "LOCAL",
      hits: [
        {
          score: 1,
          why: "words: lisbon",
          memory: {
            id: question.memory.id,
            content: "Do you like Lisbon?",
            kind: "MESSAGE",
            links: { nodes: [{ relation: "answered_by", target: { id: answer.memory.id } }] },
          },
        },
      ],
    });
    expect(await recall("lisbon", { limit: 1 }, principal)).toEqual(["Lisbon is where I live"]);
    expect(await recall("lisbon", { sessionId: newId() }, principal)).toEqual([]);
    expect(await recall("lisbon", { namespace: "other" }, principal)).toEqual([]);
  });

  it("takes hostile queries as words", async () => {
    for (const query of [
      "'; drop table memory_item; --",
      "a & b | !c <-> (",
      "%_\\",
      "a\\b 'c\\' x\\\\y",
      "\u0000",
      "🦄".repeat(200),
      "word ".repeat(400),
    ])
      expect(Array.isArray(await recall(query))).toBe(true);
    await expect(recall(" ")).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(recall("x".repeat(2_001))).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(recall("x", { limit: 51 })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(recall("x", { namespace: "a\u0000" })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("shows another tenant nothing on any field", async () => {
    const runId = newId();
    const { memory } = await remember("the vault code is 9911", { runId });
    const stranger = aPrincipal({ tenant: "stranger" });
    expect(await recall("vault code", {}, stranger)).toEqual([]);
    expect(await ask("query ($id: ID!) { memory(id: $id) { id } }", { id: memory.id }, stranger)).toEqual({
      memory: null,
    });
    const representations = [
      { __typename: "Run", id: runId },
      { __typename: "Session", id: sessionId },
    ];
    expect((await ask(ENTITIES, { representations }, stranger))._entities).toEqual([
      { memories: { nodes: [] } },
      { memories: { nodes: [] } },
    ]);
    expect((await ask(ENTITIES, { representations }))._entities[0]).toEqual({
      memories: { nodes: [{ id: memory.id }] },
    });
  });

  it("publishes what is new once, and what was known not at all", async () => {
    const [a, b] = [await remember("published"), await remember("published too")];
    await remember("published");
    const linked = { sourceId: a.memory.id, targetId: b.memory.id, relation: "next" };
    for (const idempotencyKey of [newId(), newId()]) await ask(LINK, { input: { ...linked, idempotencyKey } });
    await until("the outbox is empty", async () => (await database.owner`select 1 from outbox`).length === 0);
    const of = (id: string): Answer[] => events.filter((event) => event.memory_id === id);
    expect(of(a.memory.id)).toMatchObject([
      { action: "remembered", tenant: "acme", somabrain_key: a.memory.key, sync_state: "local", session_id: sessionId },
      { action: "linked", target_id: b.memory.id, relation: "next" },
    ]);
    expect(of(b.memory.id)).toMatchObject([{ action: "remembered" }]);
  });
});
