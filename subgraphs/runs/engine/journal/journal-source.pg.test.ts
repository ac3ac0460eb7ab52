import type { AgentRunEvent, AgentStepEvent } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { appended, graph } from "@soma/sdk/graph";
import type { EventBus, PublishResult } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { decideLetter } from "@soma/shared/outbox/decide-letter";
import { createRelay, type Relay, startRelay } from "@soma/shared/outbox/relay";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { measureOwnOutbox } from "../../store/measure-own-outbox.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { createJournalSource } from "./journal-source.ts";

const HOUR_MS = 3_600_000;

const two = graph("two", 1, { said: appended<string>() })
  .node("say", {
    type: "tool",
    run: (_state, { run }) => ({ summary: "said it", patch: { said: [String(run.input.text)] }, output: { ok: true } }),
  })
  .node("end", {
    type: "answer",
    pure: true,
    inputSummary: (state) => `${state.said.length} words`,
    run: () => ({ summary: "ended", outputSummary: "an end" }),
  })
  .edge("say", "end")
  .build((state) => state.said.join());

describe("createJournalSource()", () => {
  let harness: EngineHarness;
  let relay: Relay;
  let seen: EventRecord[];
  /** On topics of dead letters. */
  let copies: EventRecord[];
  let answer: (record: EventRecord) => PublishResult;
  let bus: EventBus;

  beforeAll(async () => {
    harness = await createEngineHarness([two]);
    await harness.startWorker();
    bus = {
      publish: async (records) =>
        records.map((record) => {
          const result = answer(record);
          if (result.ok) (record.topic.endsWith(".dlq") ? copies : seen).push(record);
          return result;
        }),
      subscribe: () => Promise.reject(new Error("nothing consumes here")),
      close: async () => {},
    };
    relay = createRelay({
      source: createJournalSource(harness.database.worker, { currency: "USD" }),
      schema: "runs",
      bus,
      log: createSilentLog(),
    });
  });
  beforeEach(() => {
    seen = [];
    copies = [];
    answer = () => ({ ok: true });
  });
  afterAll(() => harness.close());

  async function aFinishedRun(text: string): Promise<string> {
    const { runId } = await harness.start({ graph: "two", input: { text } });
    await harness.finished(runId);
    return runId;
  }
  const typesOf = (runId: string): string[] =>
    seen.filter((record) => record.key === runId).map((record) => record.headers.ce_type ?? "");

  /** Rows wait for every older transaction of the server, those of other tests too. */
  const relayUntil = (runId: string, count: number): Promise<true> =>
    until(`${count} events of run ${runId} are published`, async () => {
      await relay.tick();
      return typesOf(runId).length >= count;
    }) as Promise<true>;

  it("publishes a run's events once, in order, with summaries that say something and no text of the user", async () => {
    const runId = await aFinishedRun("my very own words");
    await relayUntil(runId, 4);
    expect(typesOf(runId)).toEqual(["agent.runs.v1", "agent.steps.v1", "agent.steps.v1", "agent.runs.v1"]);
    const steps = seen
      .filter((record) => record.headers.ce_type === "agent.steps.v1")
      .map((record) => JSON.parse(record.value) as AgentStepEvent);
    expect(steps.map(({ inputs_summary, outputs_summary }) => [inputs_summary, outputs_summary])).toEqual([
      ["{said: 0 items}", "{ok: true}"],
      ["1 words", "an end"],
    ]);
    const lastOfRun = seen.findLast((record) => record.key === runId && record.headers.ce_type === "agent.runs.v1");
    expect(JSON.parse(lastOfRun?.value ?? "{}") as AgentRunEvent).toMatchObject({
      status: "succeeded",
      outcome: "ok",
      failed_calls: 0,
      denied_calls: 0,
      cut_answers: 0,
    });
    for (const step of steps) expect(validateForRead("agent.steps.v1", step)).toEqual([]);
    expect(JSON.stringify(steps)).not.toContain("very own");
    seen = [];
    await relay.tick();
    expect(seen).toEqual([]);
  });

  it("is looked into as soon as a run has changed, by a relay that would look an hour later", async () => {
    // Otherwise another one has the lease of the journal for ten seconds.
    await relay.release();
    const { database, wakeUp } = harness;
    const source = createJournalSource(database.worker, { currency: "USD", wakeUp });
    const { schema } = database;
    const sleeping = startRelay({ source, schema, bus, log: createSilentLog(), intervalMs: HOUR_MS });
    // An older transaction of another test holds the rows of a run up, and the hints of a later run come after it.
    const runIds: string[] = [];
    await until("a run was published", async () => {
      runIds.push(await aFinishedRun("soon"));
      return runIds.some((runId) => typesOf(runId).length === 4);
    });
    await sleeping.close();
  });

  it("keeps what the bus did not take, before anything of that run that follows, and loses nothing", async () => {
    const runId = await aFinishedRun("later");
    answer = (record) => (record.key === runId ? { ok: false, kind: "retriable", reason: "busy" } : { ok: true });
    const refusal = await until("the bus was asked", () =>
      relay.tick().then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    expect(refusal.message).toMatch(/events of runs were not delivered and wait: busy/);
    answer = () => ({ ok: true });
    await relayUntil(runId, 4);
    expect(typesOf(runId)).toEqual(["agent.runs.v1", "agent.steps.v1", "agent.steps.v1", "agent.runs.v1"]);
  });

  const setSpan = (runId: string, spanId: string) =>
    harness.database.owner`update journal set payload = payload || ${harness.database.owner.json({ spanId })}
      where run_id = ${runId} and kind = 11 and step = 1`;
  const letterOf = async (runId: string): Promise<string> => {
    const [row] = await harness.database.owner<
      { id: string }[]
    >`select event_id as id from outbox_dead where key = ${runId}`;
    return row?.id ?? "";
  };
  const decide = async (runId: string, decision: "RETRY" | "DISCARD"): Promise<void> => {
    const params = { letterId: await letterOf(runId), decision, reason: "seen", idempotencyKey: newId() };
    await decideLetter(harness.database.request, aPrincipal({ roles: ["operator"] }), params);
  };
  const own = (tenant: string) => transaction(harness.database.request, { tenant }, (tx) => measureOwnOutbox(tx));

  it("parks an event that can never be published, with its reason; its run waits, and others go on", async () => {
    const bad = await aFinishedRun("bad");
    await setSpan(bad, "not a span");
    const good = await aFinishedRun("good");
    await relayUntil(good, 4);
    expect(typesOf(bad)).toEqual(["agent.runs.v1"]);
    expect(typesOf(good)).toHaveLength(4);
    expect(await own("acme")).toMatchObject({ pendingRows: 0, deadLetters: 1, parkedKeys: 1, heldRows: 2 });
    expect(await own("other")).toMatchObject({ pendingRows: 0, deadLetters: 0, parkedKeys: 0, heldRows: 0 });
    const dead = await harness.database.owner`select key, type, reason, payload from outbox_dead`;
    expect(dead).toMatchObject([{ key: bad, type: "agent.steps.v1", reason: expect.stringContaining("/span_id") }]);
    expect(dead[0]?.payload).toContain("not a span");
    expect(copies.map(({ topic, key, value }) => [topic, key, value])).toEqual([
      ["soma.acme.agent.steps.v1.dlq", bad, dead[0]?.payload],
    ]);

    await setSpan(bad, "0123456789abcdef");
    await relay.tick();
    expect(typesOf(bad)).toEqual(["agent.runs.v1"]);
    await decide(bad, "RETRY");
    await relayUntil(bad, 4);
    expect(typesOf(bad)).toEqual(["agent.runs.v1", "agent.steps.v1", "agent.steps.v1", "agent.runs.v1"]);
    expect(await harness.database.owner`select * from outbox_dead`).toEqual([]);
    expect(await harness.database.owner`select * from relay_held`).toEqual([]);
  });

  it("lets a run go on without a letter that was discarded, or whose run was erased", async () => {
    for (const way of ["DISCARD", "erased"] as const) {
      const bad = await aFinishedRun(way);
      await setSpan(bad, "not a span");
      await until("it is parked", async () => {
        await relay.tick();
        return (await letterOf(bad)) !== "";
      });
      if (way === "DISCARD") await decide(bad, way);
      else await harness.database.owner`delete from outbox_dead where key = ${bad}`;
      await relayUntil(bad, 3);
      expect(typesOf(bad)).toEqual(["agent.runs.v1", "agent.steps.v1", "agent.runs.v1"]);
      expect(await harness.database.owner`select * from relay_held`).toEqual([]);
    }
  });

  it("parks nothing once the lease is another's: a relay that was frozen changes nothing", async () => {
    const bad = await aFinishedRun("frozen");
    await setSpan(bad, "not a span");
    const source = createJournalSource(harness.database.worker, { currency: "USD" });
    await relay.release();
    const { rows } = (await until("its rows are read", async () => {
      const read = await source.next();
      return read.rows.some(({ position }) => position.runId === bad) ? read : undefined;
    })) as Awaited<ReturnType<typeof source.next>>;
    expect(await source.isOurs()).toBe(true);
    await harness.database.owner`update relay_cursor set fence = fence + 1, expires_at = '-infinity'`;
    expect(await source.isOurs()).toBe(false);
    const dead = rows.filter(({ fault }) => fault !== undefined).map((row) => ({ row, reason: "never" }));
    expect(dead).toHaveLength(1);
    const taken = rows.filter(({ fault }) => fault === undefined);
    expect(await source.settle({ taken, kept: [], dead })).toEqual([]);
    expect(await letterOf(bad)).toBe("");
    await relayUntil(bad, 1);
    expect(await letterOf(bad)).not.toBe("");
  });
});
