import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import { newId } from "../ids.ts";
import { createSilentLog } from "../log.ts";
import { transaction } from "../postgres/transaction.ts";
import { createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";
import { aPrincipal } from "../testing/principals.ts";
import { decideLetter } from "./decide-letter.ts";
import { emit } from "./emit.ts";
import { createOutboxSource } from "./outbox-source.ts";
import { createRelay, type Relay } from "./relay.ts";
import { findLetter, listLetters } from "./store/find-letters.ts";
import { listDecisions } from "./store/letter-decisions.ts";
import { measureOwnOutbox } from "./store/measure-own-outbox.ts";

const operator = (tenant = "acme") => aPrincipal({ tenant, roles: ["operator"] });
const POISON: PublishResult = { ok: false, kind: "poison", reason: "too large" };

describe("dead letters of an outbox", () => {
  let stage: OutboxStage;
  let poison: Set<string>;
  let seen: string[];
  let relay: Relay;

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(async () => {
    await stage.clear();
    await stage.database.owner`truncate letter_decision`;
    poison = new Set();
    seen = [];
    relay = newRelay();
  });
  afterAll(() => stage.close());

  const wordOf = (record: EventRecord): string =>
    record.headers.ce_type === "agent.audit.v1"
      ? (JSON.parse(record.value) as { reason: string }).reason
      : (JSON.parse(record.value) as { somabrain_key: string }).somabrain_key;
  function newRelay(whileSending: () => Promise<void> = async () => {}): Relay {
    const { bus } = createRecordingBus();
    return createRelay({
      source: createOutboxSource(stage.database.worker),
      schema: stage.database.schema,
      bus: {
        ...bus,
        async publish(records) {
          await whileSending();
          return records.map((record) => {
            if (poison.has(wordOf(record))) return POISON;
            seen.push(wordOf(record));
            return { ok: true };
          });
        },
      },
      log: createSilentLog(),
    });
  }
  /** An event whose key waits when it cannot be delivered. */
  const remember = (word: string, key = "k", tenant = "acme") =>
    transaction(stage.database.request, { tenant }, (tx) =>
      emit(tx, {
        type: "memory.event.v1",
        tenant,
        key,
        data: { ...aMemory(), tenant, somabrain_key: word },
      }),
    );
  const rounds = async (count = 3): Promise<void> => {
    for (let i = 0; i < count; i += 1) await relay.tick();
  };
  const inTenant = <T>(tenant: string, work: Parameters<typeof transaction<T>>[2]): Promise<T> =>
    transaction(stage.database.request, { tenant }, work);
  const letters = (tenant = "acme") => inTenant(tenant, (tx) => listLetters(tx, { tenant, after: null, limit: 100 }));
  const decide = async (decision: "RETRY" | "DISCARD", tenant = "acme"): Promise<void> => {
    const [letter] = await letters();
    const params = { letterId: letter?.eventId ?? "", decision, reason: "seen", idempotencyKey: newId() };
    await decideLetter(stage.database.request, operator(tenant), params);
  };
  const state = (tenant = "acme") => inTenant(tenant, (tx) => measureOwnOutbox(tx, { tenant }));

  it("carryOutDecisions() sends a retried letter before what waits behind it, also what came while it was decided", async () => {
    poison.add("1");
    await remember("1");
    await relay.tick();
    for (const word of ["2", "3"]) await remember(word);
    await remember("other", "k2");
    await rounds();
    expect(seen).toEqual(["other"]);
    expect(await state()).toMatchObject({ pendingRows: 0, deadLetters: 1, parkedKeys: 1, heldRows: 2 });
    poison.clear();
    await decide("RETRY");
    await remember("4");
    await rounds();
    expect(seen).toEqual(["other", "1", "2", "3", "4"]);
    expect(await state()).toEqual({
      ...{ pendingRows: 0, oldestAgeSeconds: 0, deadLetters: 0, parkedKeys: 0, heldRows: 0 },
    });
  });

  it("carryOutDecisions() keeps the order of a key with two letters, whichever is decided first", async () => {
    for (const word of ["1", "2"]) {
      poison.add(word);
      await remember(word);
    }
    await relay.tick();
    await remember("3");
    await rounds();
    expect(await state()).toMatchObject({ deadLetters: 2, parkedKeys: 1, heldRows: 1 });
    poison.clear();
    const [first, second] = (await letters()).toSorted((a, b) => a.parkedAt.getTime() - b.parkedAt.getTime());
    const ids = new Map(
      await Promise.all(
        [first, second].map(async (letter) => [await wordIn(letter?.eventId ?? ""), letter?.eventId] as const),
      ),
    );
    const retry = (word: string) =>
      decideLetter(stage.database.request, operator(), {
        ...{ letterId: ids.get(word) ?? "", decision: "RETRY", idempotencyKey: newId() },
      });
    await retry("2");
    await rounds();
    expect(seen).toEqual([]);
    await retry("1");
    await rounds();
    expect(seen).toEqual(["1", "2", "3"]);
  });
  const wordIn = async (eventId: string): Promise<string> => {
    const letter = await inTenant("acme", (tx) => findLetter(tx, { tenant: "acme", eventId }));
    return (JSON.parse(letter?.payload ?? "{}") as { somabrain_key: string }).somabrain_key;
  };

  it("carryOutDecisions() lets a key go on without a letter that was discarded, and its reason is kept", async () => {
    poison.add("1");
    await remember("1");
    await relay.tick();
    await remember("2");
    await rounds();
    await decide("DISCARD");
    await rounds();
    expect(seen).toEqual(["2"]);
    expect(await inTenant("acme", (tx) => listDecisions(tx, { tenant: "acme", limit: 10 }))).toMatchObject([
      { decision: "DISCARD", reason: "seen", decidedBy: operator().subject, key: "k", type: "memory.event.v1" },
    ]);
  });

  it("an event that stands for itself parks no key, and goes when it is retried", async () => {
    poison.add("never");
    await stage.say("never");
    await stage.say("next");
    await rounds();
    expect(seen).toEqual(["next"]);
    expect(await state()).toMatchObject({ deadLetters: 1, parkedKeys: 0, heldRows: 0 });
    poison.clear();
    await decide("RETRY");
    await rounds();
    expect(seen).toEqual(["next", "never"]);
  });

  it("parkRows() parks nothing for a relay that was frozen past its lease: what another has sent is no letter", async () => {
    await remember("1");
    poison.add("1");
    const { owner } = stage.database;
    const other = newRelay();
    const frozen = newRelay(async () => {
      if (seen.length > 0) return;
      await owner`update outbox_lease set expires_at = '-infinity'`;
      poison.clear();
      await other.tick();
      poison.add("1");
    });
    await frozen.tick();
    expect(seen).toEqual(["1"]);
    expect(await owner`select * from outbox_dead`).toEqual([]);
    expect(await stage.waiting()).toBe(0);
  });

  it("decideLetter() is for operators of the tenant; another sees nothing and decides nothing", async () => {
    poison.add("1");
    await remember("1");
    await relay.tick();
    const [letter] = await letters();
    expect(letter).toMatchObject({ key: "k", reason: "too large", parksKey: true, payload: null });
    expect(await letters("other")).toEqual([]);
    expect(await state("other")).toMatchObject({ deadLetters: 0, heldRows: 0 });
    expect(await inTenant("other", (tx) => tx`select * from outbox_dead`)).toEqual([]);
    await expect(decide("RETRY", "other")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const params = { letterId: letter?.eventId ?? "", decision: "DISCARD" as const, idempotencyKey: "k" };
    const { request } = stage.database;
    await expect(decideLetter(request, aPrincipal(), { ...params, reason: "x" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(decideLetter(request, operator(), params)).rejects.toThrow("the reason is 1 to 1000 characters");
    const once = await decideLetter(request, operator(), { ...params, reason: "x" });
    expect(await decideLetter(request, operator(), { ...params, reason: "x" })).toEqual(once);
    await expect(decideLetter(request, operator(), { ...params, reason: "y" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await expect(decide("RETRY")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await inTenant("other", (tx) => listDecisions(tx, { tenant: "other", limit: 10 }))).toEqual([]);
  });
});

const aMemory = () => ({
  event_id: newId(),
  namespace: "default",
  action: "remembered" as const,
  memory_id: newId(),
  timestamp: new Date().toISOString(),
  sync_state: "local" as const,
});
