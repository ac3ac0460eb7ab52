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
import { startMemory } from "./main.ts";
import { memoryMigrations } from "./migrate.ts";
import type { FakeSomaBrain } from "./testing/fake-builds.ts";
import { startFakeSomaBrain } from "./testing/fake-somabrain.ts";

const REMEMBER = `mutation ($input: RememberInput!) { remember(input: $input) { memory { id } } }`;
const RECALL = `query ($input: RecallInput!) { recall(input: $input) { source isDegraded hits { memory { content } } } }`;
const SYNC = `{ memorySync { state since dialect fault waiting refused oldestSeconds } }`;
const REQUEUE = `mutation ($input: RequeueMemoriesInput!) { requeueMemories(input: $input) { requeued } }`;
const AUDIT = `mutation ($input: AuditMemoriesInput!) { auditMemories(input: $input) { looked missing { id } } }`;

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

describe("a memory subgraph with a SomaBrain", () => {
  let database: TestDatabase;
  let fake: FakeSomaBrain;
  let running: Running;
  let client: ServiceClient;
  const operator = aPrincipal({ roles: ["operator"] });
  const key = { idempotencyKey: "k" };

  const ask = (document: string, variables: object = {}, principal = operator): Promise<Answer> =>
    client.request(document, variables, { principal });
  const remember = async (content: string): Promise<string> => {
    const input = { sessionId: newId(), role: "USER", kind: "MESSAGE", content, idempotencyKey: newId() };
    const at = "2026-01-01T00:00:00.000Z";
    return (await ask(REMEMBER, { input: { ...input, at } })).remember.memory.id;
  };
  const sync = async () => (await ask(SYNC)).memorySync;
  const allProved = () => until("all is proved", async () => (await sync()).waiting === 0, 20_000);

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    fake = await startFakeSomaBrain("DJANGO");
    const internal = await createKeys();
    const env = {
      DATABASE_URL: database.urls.request,
      WORKER_DATABASE_URL: database.urls.worker,
      SOMA_MEMORY_SCHEMA: database.schema,
      SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(internal.publicKey),
      SOMA_BASE_URL: fake.url,
    };
    running = await startMemory({ env, bus: createLocalBus(), log: createSilentLog() });
    const sign = await createPrincipalSigner(internal.privateKey, "soma-gateway");
    client = createServiceClient({ peer: "memory", url: running.url, sign });
  });
  afterAll(async () => {
    await running.close();
    await fake.close();
    await database.close();
  });

  it("brings there what is remembered, recalls from both, and tells how it is", async () => {
    await remember("the lantern is in the attic");
    await allProved();
    expect(fake.stored.map(({ text }) => text)).toEqual(["the lantern is in the attic"]);
    expect(await sync()).toMatchObject({ state: "NORMAL", dialect: "MEMORY_API", fault: null, refused: 0 });
    const { recall } = await ask(RECALL, { input: { query: "lantern" } });
    const hits = [{ memory: { content: "the lantern is in the attic" } }];
    expect(recall).toEqual({ source: "SOMABRAIN", isDegraded: false, hits });
    expect(await running.findFaults()).toEqual({});
  });

  it("finds what it lost by an audit, and brings that again", async () => {
    const lost = await remember("the harbour is Vigo");
    await allProved();
    fake.stored.pop();
    const { auditMemories } = await ask(AUDIT, { input: { limit: 10, ...key } });
    expect(auditMemories).toEqual({ looked: 2, missing: [{ id: lost }] });
    await allProved();
    expect(fake.stored).toHaveLength(2);
    expect((await ask(AUDIT, { input: key })).auditMemories).toEqual({ looked: 2, missing: [] });
  });

  it("brings all again, or all since a time, when it is asked to", async () => {
    fake.stored.length = 0;
    const requeue = async (input: object) =>
      (await ask(REQUEUE, { input: { ...input, ...key } })).requeueMemories.requeued;
    expect(await requeue({ which: "ALL", since: "2100-01-01T00:00:00.000Z" })).toBe(0);
    expect(await requeue({ which: "REFUSED" })).toBe(0);
    expect(await requeue({ which: "ALL", since: "2026-01-01T00:00:00.000Z" })).toBe(2);
    await allProved();
    expect(fake.stored).toHaveLength(2);
  });

  it("is for operators alone, and refuses what it cannot do", async () => {
    const anyone = aPrincipal({ roles: ["assistant"] });
    for (const [document, input] of [[SYNC], [REQUEUE, { which: "ALL", ...key }], [AUDIT, key]] as const)
      await expect(ask(document, { input }, anyone)).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const limit of [0, 101])
      await expect(ask(AUDIT, { input: { limit, ...key } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(ask(REQUEUE, { input: { which: "ALL", since: "yesterday", ...key } })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
  });
});
