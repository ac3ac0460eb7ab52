import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Part } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemory } from "./main.ts";
import { memoryMigrations } from "./migrate.ts";
import { startOutboxSync } from "./outbox-sync.ts";

const REMEMBER = `mutation ($input: RememberInput!) { remember(input: $input) { memory { id } } }`;

describe("startOutboxSync()", () => {
  const log = createSilentLog();
  const bus = createLocalBus();
  const heard: string[] = [];
  let database: TestDatabase;
  let env: Record<string, string>;
  let memory: Running;
  let sync: Part | undefined;
  let remember: (content: string) => Promise<string>;

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    const internal = await createKeys();
    env = {
      DATABASE_URL: database.urls.request,
      WORKER_DATABASE_URL: database.urls.worker,
      SOMA_MEMORY_SCHEMA: database.schema,
      SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(internal.publicKey),
    };
    memory = await startMemory({ env, bus: undefined, log });
    await bus.subscribe(
      { group: "test", type: "memory.event.v1" },
      async ({ value }) => void heard.push((JSON.parse(value) as { memory_id: string }).memory_id),
    );
    const sign = await createPrincipalSigner(internal.privateKey, "soma-gateway");
    const client = createServiceClient({ peer: "memory", url: memory.url, sign });
    remember = async (content) => {
      const at = "2026-01-01T00:00:00.000Z";
      const input = { sessionId: newId(), role: "USER", kind: "MESSAGE", content, at, idempotencyKey: newId() };
      const answer = await client.request(REMEMBER, { input }, { principal: aPrincipal() });
      return (answer as { remember: { memory: { id: string } } }).remember.memory.id;
    };
  });
  afterAll(async () => {
    await sync?.close();
    await memory.close();
    await bus.close();
    await database.close();
  });

  it("publishes what a memory subgraph without a bus has held, and what it writes from then on", async () => {
    const held = await remember("before there was anybody to publish");
    sync = await startOutboxSync({ env, bus, log });
    await until("what was held is published", () => heard.includes(held));
    const next = await remember("while somebody publishes");
    await until("what came later is published", () => heard.includes(next));
    expect(heard).toEqual([held, next]);
    expect(await sync.findFaults()).toEqual({});
  });

  it("refuses to start where it would hold its events too", async () => {
    await expect(startOutboxSync({ env, bus: undefined, log })).rejects.toThrow("SOMA_EVENT_BUS is hold");
  });
});
