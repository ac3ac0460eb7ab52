import type { AgentRunEvent, AgentStepEvent } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { appended, graph } from "@soma/sdk/graph";
import type { EventBus, PublishResult } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { createSilentLog } from "@soma/shared/log";
import { createRelay, type Relay } from "@soma/shared/outbox/relay";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { createJournalSource } from "./journal-source.ts";

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
  let answer: (record: EventRecord) => PublishResult;

  beforeAll(async () => {
    harness = await createEngineHarness([two]);
    await harness.startWorker();
    const bus: EventBus = {
      publish: async (records) =>
        records.map((record) => {
          const result = answer(record);
          if (result.ok) seen.push(record);
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

  it("parks an event that can never be published, with its reason, and goes on with the next ones", async () => {
    const bad = await aFinishedRun("bad");
    await harness.database
      .owner`update journal set payload = payload || '{"spanId": "not a span"}' where run_id = ${bad} and kind = 11 and step = 1`;
    const good = await aFinishedRun("good");
    await relayUntil(good, 4);
    expect(typesOf(bad)).toEqual(["agent.runs.v1", "agent.steps.v1", "agent.runs.v1"]);
    expect(typesOf(good)).toHaveLength(4);
    const dead = await harness.database.owner`select key, type, reason, payload from outbox_dead`;
    expect(dead).toMatchObject([{ key: bad, type: "agent.steps.v1", reason: expect.stringContaining("/span_id") }]);
    expect(dead[0]?.payload).toContain("not a span");
  });
});
