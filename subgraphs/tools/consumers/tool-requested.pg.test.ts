import type { ToolRequestEvent, ToolResultEvent } from "@soma/schemas/events";
import { validateForPublish } from "@soma/schemas/validate";
import type { PublishResult } from "@soma/shared/bus/event-bus";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Loop } from "@soma/shared/loop";
import { createOutboxLimit } from "@soma/shared/outbox/outbox-limit";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { createRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startAnsweringRequests } from "../commands/answer-requests.ts";
import type { AskPolicy } from "../peers/policy.ts";
import { createStage, type Stage } from "../testing/stage.ts";
import { aGate } from "../testing/tools.ts";
import { consumeToolRequested } from "./tool-requested.ts";

describe("consumeToolRequested()", () => {
  let stage: Stage;
  let answering: Loop[];
  /** How often the policy was asked, and whether it answers at all. */
  let asked = 0;
  let isAway = false;
  let isFull = false;
  const bus = createLocalBus();
  const heard: ToolResultEvent[] = [];

  beforeAll(async () => {
    stage = await createStage("tool_requested");
    const { fixture, first, second } = stage;
    const { worker } = fixture.database;
    /** As the policy signs: `fail` is denied, and the token for `loud` is one for another call. */
    const askPolicy: AskPolicy = async ({ tenant, subject: actor }, call) => {
      asked += 1;
      if (isAway) throw new SomaError("UNAVAILABLE", "policy cannot be reached");
      if (call.tool === "slow") return { token: null, reason: "the role assistant may not call slow" };
      const changes = call.tool === "loud" ? { tenant, actor: "somebody else" } : { tenant, actor };
      return { token: await fixture.decide(call, changes) };
    };
    const log = createSilentLog();
    const rest = { worker, askPolicy, role: "assistant", log, concurrency: 4 };
    answering = [first, second].map(({ deps }) => startAnsweringRequests({ ...deps, ...rest }));
    await consumeToolRequested({
      bus,
      sql: worker,
      tenants: { any: true, has: (tenant) => tenant === "acme" },
      registry: first.deps.registry,
      admit: async () => {
        if (isFull) throw new SomaError("UNAVAILABLE", "too many events wait");
      },
      onAccepted: () => answering.forEach((loop) => void loop.wake()),
    });
    await bus.subscribe(
      { group: "outside", type: "tool.results.v1" },
      async ({ value }) => void heard.push(JSON.parse(value) as ToolResultEvent),
    );
  });
  beforeEach(() => {
    stage.runs.length = 0;
    isAway = false;
    isFull = false;
  });
  afterAll(async () => {
    await Promise.all(answering.map((loop) => loop.close()));
    await bus.close();
    await stage.close();
  });

  const aRequest = (tool_name: string, more: Partial<ToolRequestEvent> = {}): ToolRequestEvent => ({
    event_id: newId(),
    session_id: newId("Session"),
    tool_name,
    args: { say: "hello" },
    metadata: { ticket: "A-17" },
    trace_id: "",
    span_id: "",
    request_id: "req-7",
    tenant: "acme",
    ...more,
  });
  const ask = async (event: object, headers: Record<string, string> = {}): Promise<PublishResult> => {
    const topic = "soma.acme.tool.requests.v1";
    const [result] = await bus.publish([{ topic, key: "k", headers, value: JSON.stringify(event) }]);
    return result ?? { ok: false, kind: "retriable", reason: "no result" };
  };
  const resultsOf = ({ session_id: id }: ToolRequestEvent) => heard.filter(({ session_id }) => session_id === id);
  const waiting = async () => (await stage.fixture.database.owner`select from tool_request`).length;
  const relay = () =>
    createRelay({
      source: createOutboxSource(stage.fixture.database.worker),
      schema: "tools",
      bus,
      log: createSilentLog(),
    });
  /** Waits until a request is answered, and gives the results that were told of it. */
  async function answered(event: ToolRequestEvent): Promise<ToolResultEvent[]> {
    const publishing = relay();
    await until(`the request for ${event.tool_name} is answered`, async () => {
      await publishing.tick();
      return resultsOf(event).length > 0 && (await waiting()) === 0;
    });
    await publishing.tick();
    await publishing.release();
    for (const result of resultsOf(event)) expect(validateForPublish("tool.result.v1", result)).toEqual([]);
    return resultsOf(event);
  }

  it("asks whether there is room before it holds a connection, which that question may need", async () => {
    const { urls, schema } = stage.fixture.database;
    const one = connect({ url: urls.worker, schema, applicationName: "one-connection", max: 1 });
    const alone = createLocalBus();
    await consumeToolRequested({
      bus: alone,
      sql: one,
      tenants: { any: true, has: () => true },
      registry: stage.first.deps.registry,
      admit: createOutboxLimit({ sql: one, schema: "tools", maxRows: 1_000 }).admit,
      onAccepted: () => answering.forEach((loop) => void loop.wake()),
    });
    const event = aRequest("echo");
    const record = { topic: "soma.acme.tool.requests.v1", key: "k", headers: {}, value: JSON.stringify(event) };
    expect(await alone.publish([record])).toEqual([{ ok: true }]);
    expect(await answered(event)).toHaveLength(1);
    await alone.close();
    await one.end();
  });

  it("invokes the tool under a decision and tells what it gave, once, to who asked", async () => {
    const event = aRequest("echo", { persona_id: "bookkeeper" });
    expect(await ask(event)).toEqual({ ok: true });
    expect(await answered(event)).toEqual([
      expect.objectContaining({
        tool_name: "echo",
        status: "succeeded",
        payload: "saying hello",
        metadata: { ticket: "A-17" },
        request_id: "req-7",
        persona_id: "bookkeeper",
      }),
    ]);
    const [row] = await stage.fixture.database.owner`select actor, decision_id is not null as decided from invocation
      where idempotency_key = ${`tool.request.v1/${event.event_id}`}`;
    expect(row).toEqual({ actor: "tool.requests.v1", decided: true });
  });

  it("invokes the tool of a request once that comes twice, also when the inbox has forgotten it", async () => {
    const event = aRequest("once");
    for (let delivery = 0; delivery < 2; delivery += 1) expect(await ask(event)).toEqual({ ok: true });
    await answered(event);
    await stage.fixture.database.owner`delete from inbox where event_id = ${event.event_id}`;
    expect(await ask(event)).toEqual({ ok: true });
    expect(await answered(event)).toHaveLength(1);
    expect(stage.runs).toHaveLength(1);
  });

  it.each([
    ["slow", "denied", "denied", "the role assistant may not call slow"],
    ["loud", "denied", "denied", "the decision is about another call (actor differs)"],
    ["fail", "failed", "no_luck", "tomorrow"],
  ])("tells why %s gave nothing: %s", async (tool, status, type, message) => {
    const event = aRequest(tool);
    expect(await ask(event)).toEqual({ ok: true });
    const error = { type, message: expect.stringContaining(message) };
    expect(await answered(event)).toEqual([expect.objectContaining({ status, payload: { error } })]);
  });

  it("tells no result of calls of the API", async () => {
    await stage.first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: newId() });
    const event = aRequest("echo");
    await ask(event);
    await answered(event);
    expect(heard.every(({ metadata }) => metadata.ticket === "A-17")).toBe(true);
  });

  it.each<[string, object, Record<string, string>, string]>([
    ["names another tenant", aRequest("echo", { tenant: "globex" }), {}, "says that it is of tenant globex"],
    ["has the header of another tenant", aRequest("echo"), { ce_tenant: "globex" }, "says that it is of tenant globex"],
    ["asks for a tool that there is not", aRequest("nothing"), {}, 'BAD_INPUT: there is no tool "nothing"'],
    ["does not fit its schema", { ...aRequest("echo"), args: "x" }, {}, "cannot be read as tool.request.v1"],
    ["has too much to say", aRequest("echo", { args: { say: "x".repeat(70_000) } }), {}, "PAYLOAD_TOO_LARGE"],
  ])("refuses for good what %s, with the reason", async (_name, event, headers, reason) => {
    expect(await ask(event, headers)).toEqual({ ok: false, kind: "poison", reason: expect.stringContaining(reason) });
    expect(await waiting()).toBe(0);
  });

  it("has it tried again while nothing new may begin", async () => {
    isFull = true;
    const event = aRequest("echo");
    expect(await ask(event)).toMatchObject({ ok: false, kind: "retriable" });
    isFull = false;
    expect(await ask(event)).toEqual({ ok: true });
    expect(await answered(event)).toHaveLength(1);
  });

  it("waits for a policy that is away, and asks it again", async () => {
    isAway = true;
    const before = asked;
    const event = aRequest("echo");
    expect(await ask(event)).toEqual({ ok: true });
    await until("it was asked in vain", () => asked > before);
    expect(await waiting()).toBe(1);
    isAway = false;
    expect(await answered(event)).toEqual([expect.objectContaining({ status: "succeeded" })]);
  });

  it("is answered by one process at a time, while others go on", async () => {
    stage.gate = aGate();
    const [held, quick] = [aRequest("wait"), aRequest("echo")];
    await ask(held);
    await until("it runs", () => stage.runs.some((run) => run.startsWith("wait")));
    await ask(quick);
    await until("the other one is answered", async () => (await waiting()) === 1);
    stage.gate.open();
    expect(await answered(held)).toEqual([expect.objectContaining({ payload: "hello" })]);
    expect(stage.runs.filter((run) => run.startsWith("wait"))).toHaveLength(1);
  });
});
