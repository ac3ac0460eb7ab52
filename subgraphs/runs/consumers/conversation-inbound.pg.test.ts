import { loadBudgets } from "@soma/conf/budgets";
import { loadTenants } from "@soma/conf/tenants";
import type { ConversationEvent } from "@soma/schemas/events";
import { validateForPublish } from "@soma/schemas/validate";
import { graph, replaced } from "@soma/sdk/graph";
import type { PublishResult } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";
import type { InboundTenants } from "@soma/shared/bus/inbound-tenants";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { createRelay } from "@soma/shared/outbox/relay";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { type BreakableProxy, createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";
import { keepSpans } from "@soma/shared/testing/spans";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmission } from "../commands/admission.ts";
import { createRunBudgets } from "../commands/run-budgets.ts";
import { createRunStarter } from "../commands/run-starter.ts";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import { createJournalSource } from "../engine/journal/journal-source.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { consumeConversation } from "./conversation-inbound.ts";

/** Says back what it hears, ten thousand times over when it is asked for much. */
const assistant = graph("assistant", 1, { answer: replaced("") })
  .node("answer", {
    type: "answer",
    pure: true,
    run: (_state, { run }) => {
      const said = `heard: ${String(run.input.text)}`;
      return { summary: "said it", patch: { answer: said.includes("much") ? said.repeat(10_000) : said } };
    },
  })
  .build((state) => state.answer);

const tenants: InboundTenants = { any: true, has: (tenant) => ["acme", "globex", "tiny"].includes(tenant) };
const LIMITS = { weight: 1, maxUnfinished: 1_000 };

describe("consumeConversation()", () => {
  let harness: EngineHarness;
  let proxy: BreakableProxy;
  let sql: Sql;
  const bus = createLocalBus();
  const heard: EventRecord[] = [];
  /** Also what carries a request from a record to what is done for it. */
  const telemetry = keepSpans();

  beforeAll(async () => {
    harness = await createEngineHarness([assistant]);
    const { urls, schema } = harness.database;
    proxy = await createBreakableProxy(urls.worker);
    sql = connect({ url: proxy.url, schema, applicationName: "test-inbound", max: 4 });
    const now = (): Date => new Date();
    const conf = { ...loadTenants(), acme: LIMITS, tiny: { ...LIMITS, maxUnfinished: 1 } };
    await consumeConversation({
      bus,
      sql,
      tenants,
      wakeUp: harness.wakeUp,
      starter: createRunStarter(sql),
      graphs: createGraphRegistry([assistant]),
      admission: createAdmission({ sql, tenants: conf, now }),
      runBudgets: createRunBudgets({ sql, conf: loadBudgets() }),
      defaultRole: "assistant",
      pickProfile: () => "scripted",
      now,
    });
    await bus.subscribe(
      { group: "outside", type: "conversation.outbound.v1" },
      async (record) => void heard.push(record),
    );
  });
  afterAll(async () => {
    await bus.close();
    await sql.end({ timeout: 0 });
    await proxy.close();
    await harness.close();
    await telemetry.close();
  });

  const aMessage = (more: Partial<ConversationEvent> = {}): ConversationEvent => ({
    event_id: newId(),
    session_id: newId("Session"),
    role: "user",
    message: "hello",
    attachments: [],
    metadata: {},
    trace_id: "",
    span_id: "",
    request_id: "",
    tenant: "acme",
    ...more,
  });
  /** As somebody writes it who knows the topic and the schema, and nothing else. */
  const say = async (event: object, topicOf = "acme", headers: Record<string, string> = {}): Promise<PublishResult> => {
    const topic = `soma.${topicOf}.conversation.inbound.v1`;
    const [result] = await bus.publish([{ topic, key: "k", headers, value: JSON.stringify(event) }]);
    return result ?? { ok: false, kind: "retriable", reason: "no result" };
  };
  const runsOf = (sessionId: string) =>
    harness.database.owner<{ id: string; text: string; tenant: string; startedBy: string }[]>`
      select run_id as id, input ->> 'text' as text, tenant, started_by as "startedBy" from run
      where session_id = ${sessionId} order by run_id`;
  const countRuns = async (): Promise<number> => (await harness.database.owner`select from run`).length;

  it("starts a run of a session that begins with it, and the next message goes on in that session", async () => {
    const first = aMessage({ message: "one" });
    expect(await say(first)).toEqual({ ok: true });
    expect(
      await say(aMessage({ session_id: first.session_id, message: "two", attachments: ["s3://a", "s3://b"] })),
    ).toEqual({ ok: true });
    const { id: _id, ...run } = (await runsOf(first.session_id))[0] ?? { id: "" };
    expect(run).toEqual({ text: "one", tenant: "acme", startedBy: "conversation.inbound.v1" });
    expect((await runsOf(first.session_id)).map(({ text }) => text)).toEqual([
      "one",
      "two\n\nAttached:\n- s3://a\n- s3://b",
    ]);
  });

  it("has the run told under the request and the trace that its message names, in headers or by itself", async () => {
    const traced = { request_id: "req-7", trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };
    const [named, header] = [aMessage(traced), aMessage(traced)];
    expect(await say(named)).toEqual({ ok: true });
    expect(await say(header, "acme", { "x-request-id": "req-8" })).toEqual({ ok: true });
    const origins = await harness.database.owner`select request_id as id, substr(trace_parent, 4, 32) as trace from run
      where session_id in (${named.session_id}, ${header.session_id}) order by run_id`;
    expect(origins).toEqual(["req-7", "req-8"].map((id) => ({ id, trace: traced.trace_id })));
  });

  it("starts one run of an event that comes twice, also when the inbox has forgotten it", async () => {
    const event = aMessage();
    for (let delivery = 0; delivery < 2; delivery += 1) expect(await say(event)).toEqual({ ok: true });
    await harness.database.owner`delete from inbox where event_id = ${event.event_id}`;
    expect(await say(event)).toEqual({ ok: true });
    expect(await runsOf(event.session_id)).toHaveLength(1);
  });

  it("takes one event of each of two tenants under one id and in sessions of one name, which stay apart", async () => {
    const event = aMessage();
    expect(await say(event)).toEqual({ ok: true });
    expect(await say({ ...event, tenant: "globex" }, "globex")).toEqual({ ok: true });
    expect((await runsOf(event.session_id)).map(({ tenant }) => tenant).toSorted()).toEqual(["acme", "globex"]);
  });

  it.each<[string, object, string, Record<string, string>, string]>([
    ["says it is of another tenant", aMessage({ tenant: "globex" }), "acme", {}, "says that it is of tenant globex"],
    [
      "has the header of another tenant",
      aMessage(),
      "acme",
      { ce_tenant: "globex" },
      "says that it is of tenant globex",
    ],
    [
      "is of a tenant that may not speak",
      aMessage({ tenant: "initech" }),
      "initech",
      {},
      "not in SOMA_INBOUND_TENANTS",
    ],
    [
      "does not fit its schema",
      { ...aMessage(), role: "robot" },
      "acme",
      {},
      "cannot be read as conversation.event.v1",
    ],
    ["is no event at all", [], "acme", {}, "cannot be read as conversation.event.v1"],
    ["is of no user", aMessage({ role: "assistant" }), "acme", {}, "BAD_INPUT: a message of role assistant"],
    ["says nothing", aMessage({ message: " " }), "acme", {}, "BAD_INPUT: the input has no text"],
    ["says too much", aMessage({ message: "x".repeat(40_000) }), "acme", {}, "PAYLOAD_TOO_LARGE"],
  ])(
    "refuses for good what %s, with the reason, and starts nothing",
    async (_name, event, topicOf, headers, reason) => {
      const before = await countRuns();
      expect(await say(event, topicOf, headers)).toEqual({
        ok: false,
        kind: "poison",
        reason: expect.stringContaining(reason),
      });
      expect(await countRuns()).toBe(before);
      const { session_id: sessionId = newId() } = event as Partial<ConversationEvent>;
      expect(await harness.database.owner`select from session where session_id = ${sessionId}`).toEqual([]);
    },
  );

  it("refuses what its tenant has no room for, as the API does", async () => {
    expect(await say(aMessage({ tenant: "tiny" }), "tiny")).toEqual({ ok: true });
    const reason = expect.stringContaining("LIMIT_EXCEEDED: tenant tiny has 1 unfinished runs");
    expect(await say(aMessage({ tenant: "tiny" }), "tiny")).toEqual({ ok: false, kind: "poison", reason });
  });

  it("has it tried again while the database is away, and takes it then", async () => {
    const event = aMessage();
    await proxy.refuse();
    expect(await say(event)).toMatchObject({ ok: false, kind: "retriable" });
    await proxy.accept();
    await until("it was taken", async () => (await say(event)).ok);
    expect(await runsOf(event.session_id)).toHaveLength(1);
  });

  it("has every message answered once on the topic of answers, in the order of its session and whole", async () => {
    await harness.startWorker();
    const session_id = newId("Session");
    const events = ["one", "much", "three"].map((message) => aMessage({ session_id, message }));
    for (const event of events) expect(await say(event)).toEqual({ ok: true });
    const source = createJournalSource(harness.database.worker, { currency: "USD", answering: tenants });
    const relay = createRelay({ source, schema: "runs", bus, log: createSilentLog() });
    const answers = () => heard.filter(({ key }) => key === session_id);
    await until("all are answered", async () => {
      await relay.tick();
      return answers().length >= events.length;
    });
    const said = answers().map(({ value }) => JSON.parse(value) as ConversationEvent);
    expect(said.map(({ message }) => message)).toEqual(["heard: one", "heard: much".repeat(10_000), "heard: three"]);
    expect(said.map(({ metadata }) => metadata.in_reply_to)).toEqual(events.map(({ event_id }) => event_id));
    for (const event of said) expect(validateForPublish("conversation.event.v1", event)).toEqual([]);
    const [{ topic, headers } = { topic: "", headers: {} }] = answers();
    expect(topic).toBe("soma.acme.conversation.outbound.v1");
    expect(headers).toMatchObject({ ce_id: said[0]?.event_id, ce_type: "conversation.event.v1", ce_tenant: "acme" });
  });
});
