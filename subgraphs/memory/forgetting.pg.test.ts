import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createServiceClient, type ServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Running } from "@soma/shared/subgraph-settings";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { carryOutForgetting } from "./commands/carry-out-forgetting.ts";
import { startMemory } from "./main.ts";
import { memoryMigrations } from "./migrate.ts";
import { fillMemories } from "./testing/fill-memories.ts";
import { findText } from "./testing/find-text.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

const REMEMBER = `mutation ($input: RememberInput!) { remember(input: $input) { deduplicated memory { id key rememberedBy stepId } } }`;
const RECALL = `query ($input: RecallInput!) { recall(input: $input) { hits { memory { content } } } }`;
const FORGET = `mutation ($input: ForgetMemoryInput!) { forgetMemory(input: $input) { memories links forgotten {
  id scope target reason orderedBy doneAt memories links calls words runs { id } } } }`;
const FORGOTTEN = `query ($id: ID!) { forgotten(id: $id) { id doneAt memories words } }`;
const LINK = `mutation ($input: LinkInput!) { link(input: $input) { source { id } } }`;

describe("forgetMemory", () => {
  const bus = createLocalBus();
  const heard: Answer[] = [];
  let database: TestDatabase;
  let env: Record<string, string>;
  let running: Running;
  let client: ServiceClient;
  let keys: Awaited<ReturnType<typeof createKeys>>;
  const ada = aPrincipal({ subject: "user:ada" });
  const custodian = aPrincipal({ subject: "user:carol", roles: ["custodian"], service: null });

  const start = async (): Promise<void> => {
    running = await startMemory({ env, bus, log: createSilentLog() });
    const sign = await createPrincipalSigner(keys.privateKey, "soma-gateway");
    client = createServiceClient({ peer: "memory", url: running.url, sign });
  };
  const ask = (document: string, variables: object, principal = ada): Promise<Answer> =>
    client.request(document, variables, { principal });
  const remember = async (content: string, more: object = {}, principal = ada): Promise<Answer> => {
    const at = "2026-01-01T00:00:00.000Z";
    const input = { sessionId: newId(), role: "USER", kind: "FACT", content, at, idempotencyKey: newId(), ...more };
    return (await ask(REMEMBER, { input }, principal)).remember.memory;
  };
  const forget = async (input: object, principal = custodian): Promise<Answer> =>
    (await ask(FORGET, { input: { reason: "request 12", idempotencyKey: newId(), ...input } }, principal)).forgetMemory;
  const recalled = async (query: string): Promise<string[]> =>
    (await ask(RECALL, { input: { query } })).recall.hits.map((hit: Answer) => hit.memory.content);
  const published = (): Promise<unknown> =>
    until("the outbox is empty", async () => (await database.owner`select 1 from outbox`).length === 0);

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    keys = await createKeys();
    env = {
      DATABASE_URL: database.urls.request,
      WORKER_DATABASE_URL: database.urls.worker,
      SOMA_MEMORY_SCHEMA: database.schema,
      SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(keys.publicKey),
    };
    for (const type of ["memory.event.v1", "agent.audit.v1"] as const)
      await bus.subscribe({ group: "test", type }, async ({ value }) => void heard.push(value));
    await start();
  });
  afterAll(async () => {
    await running.close();
    await bus.close();
    await database.close();
  });

  it("takes a memory with its links and the words that nobody else said, and leaves a receipt", async () => {
    const [runId, callKey] = [newId("Run"), newId()];
    const secret = await remember("the zanzibarium vault", { runId, stepId: "s.1", idempotencyKey: callKey });
    const other = await remember("the vault of the bank");
    expect(secret).toMatchObject({ rememberedBy: "user:ada", stepId: "s.1" });
    const relation = "about";
    await ask(LINK, { input: { sourceId: secret.id, targetId: other.id, relation, idempotencyKey: newId() } });
    await ask(LINK, { input: { sourceId: other.id, targetId: secret.id, relation, idempotencyKey: newId() } });

    expect(await forget({ memoryId: secret.id, dryRun: true })).toEqual({ memories: 1, links: 2, forgotten: null });
    expect(await recalled("zanzibarium")).toHaveLength(1);
    const order = { memoryId: secret.id, idempotencyKey: "order-1" };
    const { forgotten } = await forget(order);
    expect(forgotten).toMatchObject({ scope: "MEMORY", target: secret.id, reason: "request 12", links: 2, calls: 2 });
    expect(forgotten).toMatchObject({ orderedBy: "user:carol", memories: 1, words: 1, runs: [{ id: runId }] });
    expect(forgotten.doneAt).not.toBeNull();
    expect((await forget(order)).forgotten).toEqual(forgotten);

    await published();
    expect(await findText(database, "zanzibarium")).toEqual([]);
    expect(heard.filter((event) => event.includes("zanzibarium"))).toEqual([]);
    expect(await recalled("zanzibarium")).toEqual([]);
    expect(await recalled("vault")).toEqual(["the vault of the bank"]);
    const told = heard.map((event) => JSON.parse(event));
    expect(told).toContainEqual(
      expect.objectContaining({
        action: "forgotten",
        memory_id: secret.id,
        forgetting_id: forgotten.id,
        run_id: runId,
      }),
    );
    const audited = told.filter(({ meta }) => meta?.forgetting_id === forgotten.id);
    expect(audited).toMatchObject([
      { actor: "user:carol", decision: "forget", reason: "request 12", subject: `memories of memory ${secret.id}` },
      { decision: "forgotten", meta: { memories: 1, links: 2, calls: 2, words: 1 } },
    ]);
    await expect(remember("the zanzibarium vault", { runId, idempotencyKey: callKey })).rejects.toMatchObject({
      code: "ERASED",
    });
    await expect(forget({ ...order, reason: "another" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });

  it("takes what a subject had kept, or what a session has, of its tenant only, and nothing that comes later", async () => {
    const sessionId = newId("Session");
    const eve = aPrincipal({ subject: "user:eve" });
    const stranger = aPrincipal({ tenant: "stranger", subject: "user:eve" });
    await remember("eve likes quinces", { sessionId }, eve);
    await remember("eve likes plums", {}, eve);
    await remember("eve likes medlars", { sessionId }, stranger);
    await remember("ada likes quinces", { sessionId });
    expect((await forget({ subject: "user:eve" })).forgotten).toMatchObject({ memories: 2, links: 0 });
    expect(await recalled("quinces")).toEqual(["ada likes quinces"]);
    expect((await forget({ sessionId })).memories).toBe(1);
    await remember("eve likes quinces", { sessionId }, eve);
    expect(await recalled("quinces")).toEqual(["eve likes quinces"]);
    expect(await findText(database, "medlars")).toEqual(["memory_item", "memory_word"]);
  });

  it("is for a custodian in person, of one thing, with a reason", async () => {
    const { id } = await remember("kept after all");
    const memoryId = id;
    for (const who of [ada, aPrincipal({ ...custodian, service: "soma-runs" })]) {
      await expect(forget({ memoryId }, who)).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(ask(FORGOTTEN, { id: newId() }, who)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    for (const input of [{ memoryId, subject: "user:ada" }, {}, { memoryId: "x" }, { memoryId, reason: " " }])
      await expect(forget(input)).rejects.toMatchObject({ code: "BAD_INPUT" });
    const stranger = aPrincipal({ ...custodian, tenant: "stranger" });
    const { forgotten } = await forget({ memoryId }, stranger);
    expect(forgotten.memories).toBe(0);
    expect((await ask(FORGOTTEN, { id: forgotten.id }, custodian)).forgotten).toBeNull();
    expect(await recalled("kept after all")).toEqual(["kept after all"]);
  });

  it("goes on after the process died at any point of an order, and shows nothing of it meanwhile", async () => {
    const sessionId = newId("Session");
    const ids = await fillMemories(database, { tenant: "acme", sessionId, count: 300, common: "canaryword were seen" });
    const forgettingId = newId();
    await running.close();
    const upto = await database.owner`insert into forgetting
        (tenant, forgetting_id, idem_key, scope, target, reason, ordered_by)
      values ('acme', ${forgettingId}, 'order-2', 'SESSION', ${sessionId}, 'request 13', 'user:carol') returning upto`;
    expect(upto).toHaveLength(1);
    const deps = { sql: database.worker, now: () => new Date() };
    expect(await carryOutForgetting(deps, { tenant: "acme", forgettingId, atOnce: 7 })).toBe(true);
    expect(await database.owner`select 1 from memory_item where session_id = ${sessionId}`).toHaveLength(293);
    // What a dying process leaves of a transaction is nothing.
    const dying = { sql: database.worker, now: () => new Date(Number.NaN) };
    await expect(carryOutForgetting(dying, { tenant: "acme", forgettingId, atOnce: 7 })).rejects.toThrow();
    expect(await database.owner`select 1 from memory_item where session_id = ${sessionId}`).toHaveLength(293);
    await start();
    expect(await recalled("canaryword")).toEqual([]);
    const receipt = async (): Promise<Answer> => (await ask(FORGOTTEN, { id: forgettingId }, custodian)).forgotten;
    await until("the worker has carried it out", async () => (await receipt()).doneAt !== null);
    expect((await receipt()).memories).toBe(ids.length);
    await published();
    expect(await findText(database, "canaryword")).toEqual([]);
    const told = heard.map((event) => JSON.parse(event)).filter((event) => event.forgetting_id === forgettingId);
    expect(new Set(told.map(({ memory_id }) => memory_id))).toEqual(new Set(ids));
  });
});
