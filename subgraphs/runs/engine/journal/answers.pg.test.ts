import type { ConversationEvent } from "@soma/schemas/events";
import type { EventBus } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { createRelay, type Relay } from "@soma/shared/outbox/relay";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runsMigrations } from "../../migrate.ts";
import { fillRuns } from "../../testing/fill-runs.ts";
import { createJournalSource } from "./journal-source.ts";

const ANSWER = "conversation.event.v1";

describe("answers in the journal", () => {
  let database: TestDatabase;
  let seen: EventRecord[];
  /** What the bus does not take at the moment. */
  let refused: (record: EventRecord) => boolean;
  let fromMs = 1_000;

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  beforeEach(async () => {
    await database.owner`truncate journal, relay_held, outbox_dead`;
    await database.owner`update relay_cursor set owner = null, expires_at = '-infinity', last_xid = pg_current_xact_id()`;
    seen = [];
    refused = () => false;
  });
  afterAll(() => database.close());

  /** As every bus does, it takes nothing of a key after what it did not take. */
  const bus: EventBus = {
    publish: async (records) => {
      const blocked = new Set<string>();
      return records.map((record) => {
        if (refused(record)) blocked.add(record.key);
        if (blocked.has(record.key)) return { ok: false, kind: "retriable", reason: "not now" };
        seen.push(record);
        return { ok: true };
      });
    },
    subscribe: () => Promise.reject(new Error("nothing consumes here")),
    close: async () => {},
  };
  const newRelay = (answering = (tenant: string) => tenant === "acme"): Relay =>
    createRelay({
      source: createJournalSource(database.worker, { currency: "USD", answering: { has: answering } }),
      schema: "runs",
      bus,
      log: createSilentLog(),
    });
  const round = (relay: Relay): Promise<boolean> => relay.tick().catch(() => false);
  const aRun = async (sessionId: string, tenant = "acme"): Promise<string> => {
    fromMs += 1_000;
    return (await fillRuns(database.owner, { tenant, sessionId, count: 1, fromMs }))[0] ?? "";
  };
  const runOf = (record: EventRecord) => (JSON.parse(record.value) as ConversationEvent).metadata.run_id;
  const answers = () => seen.filter(({ headers }) => headers.ce_type === ANSWER);
  const isAnswerOf = (record: EventRecord, runId: string): boolean =>
    record.headers.ce_type === ANSWER && runOf(record) === runId;

  it("leave once, beside the end of their run, and only those of tenants that may speak", async () => {
    const sessionId = newId("Session");
    const runId = await aRun(sessionId);
    await aRun(newId("Session"), "globex");
    const relay = newRelay();
    await until("all was published", async () => {
      await round(relay);
      return seen.length === 5;
    });
    await round(relay);
    expect(answers()).toHaveLength(1);
    expect(answers()[0]).toMatchObject({ topic: "soma.acme.conversation.outbound.v1", key: sessionId });
    expect(seen.filter(({ key }) => key === runId)).toHaveLength(2);
  });

  it("wait for those of their session that the bus did not take, also after another relay took over; others go on", async () => {
    const sessionId = newId("Session");
    const first = await aRun(sessionId);
    refused = (record) => isAnswerOf(record, first);
    const relay = newRelay();
    const isHeld = async () => (await database.owner`select from relay_held where run_id = ${first}`).length === 1;
    await until("the first is held", async () => {
      await round(relay);
      return isHeld();
    });
    const second = await aRun(sessionId);
    const other = await aRun(newId("Session"));
    await until("that of another session left", async () => {
      await round(relay);
      return answers().length === 1;
    });
    await relay.release();
    const next = newRelay();
    for (let i = 0; i < 5; i += 1) await round(next);
    expect(answers().map(runOf)).toEqual([other]);
    refused = () => false;
    await until("all left", async () => {
      await round(next);
      return answers().length === 3;
    });
    expect(answers().map(runOf)).toEqual([other, first, second]);
    await until("nothing is held any more", async () => {
      await round(next);
      return (await database.owner`select from relay_held`).length === 0;
    });
  });

  it("wait for one of their session that is a dead letter, until a person has decided", async () => {
    const sessionId = newId("Session");
    const first = await aRun(sessionId);
    let isPoison = true;
    const poison: EventBus = {
      ...bus,
      publish: async (records) => {
        const bad = (record: EventRecord) => isPoison && isAnswerOf(record, first);
        const taken = await bus.publish(records.filter((record) => !bad(record)));
        return records.map((record) =>
          bad(record) ? { ok: false, kind: "poison", reason: "too large" } : (taken.shift() ?? { ok: true }),
        );
      },
    };
    const source = createJournalSource(database.worker, { currency: "USD", answering: { has: () => true } });
    const relay = createRelay({ source, schema: "runs", bus: poison, log: createSilentLog() });
    await until("it is parked", async () => {
      await round(relay);
      return (await database.owner`select from outbox_dead`).length === 1;
    });
    const second = await aRun(sessionId);
    await until("the run of the second is told", async () => {
      await round(relay);
      return seen.some(({ key }) => key === second);
    });
    for (let i = 0; i < 3; i += 1) await round(relay);
    expect(answers()).toEqual([]);
    isPoison = false;
    await database.owner`update outbox_dead set decision = 'RETRY'`;
    await until("both left", async () => {
      await round(relay);
      return answers().length === 2;
    });
    expect(answers().map(runOf)).toEqual([first, second]);
  });

  it("are parked under their session when no bus can ever take them, and go when their run is erased", async () => {
    const sessionId = newId("Session");
    const runId = await aRun(sessionId);
    const poison: EventBus = {
      ...bus,
      publish: async (records) =>
        records.map((record) =>
          record.headers.ce_type === ANSWER ? { ok: false, kind: "poison", reason: "too large" } : { ok: true },
        ),
    };
    const source = createJournalSource(database.worker, { currency: "USD", answering: { has: () => true } });
    const relay = createRelay({ source, schema: "runs", bus: poison, log: createSilentLog() });
    const letters = () => database.owner<{ key: string; reason: string }[]>`select key, reason from outbox_dead`;
    await until("it is parked", async () => {
      await round(relay);
      return (await letters()).length === 1;
    });
    expect(await letters()).toEqual([{ key: sessionId, reason: "too large" }]);
    await database.owner`update run set erased_at = now() where run_id = ${runId}`;
    await database.owner`update outbox_dead set decision = 'RETRY'`;
    await until("it is gone, and nothing waits for it", async () => {
      await round(relay);
      return (await letters()).length === 0 && (await database.owner`select from relay_held`).length === 0;
    });
  });
});
