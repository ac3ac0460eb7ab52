import { toRecord } from "@soma/shared/bus/event-record";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { createDecisionVerifier } from "@soma/shared/identity/decision-token";
import { newId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import { transaction } from "@soma/shared/postgres/transaction";
import type { TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, askToDecide, createPolicyFixture, type PolicyFixture } from "./testing/fixture.ts";

const AUDIT = `query ($filter: AuditFilter) { auditEvents(filter: $filter) {
  nodes { id category actor subject decision reason meta } } }`;
const DECISION = `query ($id: ID!) { decision(id: $id) { id } }`;
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Run { decisions { nodes { id } } } ... on Step { decision { id } } ... on Decision { id reason } ... on AuditEvent { id category subject timestamp } } }`;

describe("policy subgraph", () => {
  const bus = createLocalBus();
  let fixture: PolicyFixture;
  let database: TestDatabase;
  let client: ServiceClient;

  const decide = (changes: object = {}, principal = aPrincipal()): Promise<Answer> =>
    askToDecide(client, changes, principal);
  const ask = (document: string, variables: object, principal = aPrincipal()): Promise<Answer> =>
    client.request(document, variables, { principal });

  beforeAll(async () => {
    fixture = await createPolicyFixture("policy");
    ({ database } = fixture);
    client = await fixture.clientOf(await fixture.start({}, bus));
  });
  afterAll(() => fixture.close());

  it("allows with a token bound to the call, stores the decision and its audit event", async () => {
    const answer = await decide({ idempotencyKey: "one-call" });
    expect(answer).toMatchObject({ allow: true, argsDigest: digest({ code: "1" }) });
    const claims = await createDecisionVerifier(fixture.decisions.publicKey)(answer.token);
    expect(claims).toMatchObject({
      tenant: "acme",
      actor: "user:ada",
      tool: "code_run",
      risk: "high",
      argsDigest: answer.argsDigest,
      decisionId: answer.id,
      idempotencyKey: "one-call",
    });
    const { auditEvents } = await ask(AUDIT, { filter: { category: ["POLICY"], subject: "tool:code_run" } });
    expect(auditEvents.nodes[0]).toMatchObject({
      decision: "allow",
      actor: "user:ada",
      meta: { decision_id: answer.id },
    });
    expect(JSON.stringify(auditEvents.nodes[0])).not.toContain(answer.token);
  });

  it("denies without a token, and audits that too", async () => {
    const answer = await decide({ role: "restricted" }, aPrincipal({ roles: ["restricted"] }));
    expect(answer).toMatchObject({ allow: false, token: null, reason: "role restricted may not call code_run" });
    const { auditEvents } = await ask(AUDIT, { filter: { decision: "deny" } });
    expect(auditEvents.nodes[0]).toMatchObject({ subject: "tool:code_run", reason: answer.reason });
  });

  it("refuses a role the caller does not have", async () => {
    await expect(decide({ role: "restricted" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("gives one decision per key, also to two at once, and refuses another body", async () => {
    const idempotencyKey = newId();
    const [a, b] = await Promise.all([decide({ idempotencyKey }), decide({ idempotencyKey, stepId: "another-step" })]);
    expect(a.id).toBe(b.id);
    await expect(decide({ idempotencyKey, args: { code: "2" } })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    expect((await decide({ idempotencyKey }, aPrincipal({ tenant: "other" }))).id).not.toBe(a.id);
  });

  it("decides afresh under a key whose decision has expired, and keeps the old one", async () => {
    const idempotencyKey = newId();
    const old = await decide({ idempotencyKey });
    await database.owner`update decision set expires_at = now() - interval '1 second' where decision_id = ${old.id}`;
    const fresh = await decide({ idempotencyKey });
    expect(fresh.id).not.toBe(old.id);
    expect((await ask(DECISION, { id: old.id })).decision).toEqual({ id: old.id });
  });

  it("gives a run its decisions and a step its newest one", async () => {
    const runId = newId();
    const first = await decide({ runId, stepId: `${runId}.1` });
    const second = await decide({ runId, stepId: `${runId}.2` });
    const representations = [
      { __typename: "Run", id: runId },
      { __typename: "Step", id: `${runId}.2` },
      { __typename: "Decision", id: first.id },
    ];
    const { _entities } = await ask(ENTITIES, { representations });
    expect(_entities).toEqual([
      {
        decisions: { nodes: [{ id: first.id }, { id: second.id }] },
      },
      { decision: { id: second.id } },
      { id: first.id, reason: first.reason },
    ]);
  });

  it("shows another tenant nothing on any field", async () => {
    const runId = newId();
    const mine = await decide({ runId, stepId: `${runId}.1` });
    const [event] = (await ask(AUDIT, {})).auditEvents.nodes;
    const stranger = aPrincipal({ tenant: "stranger" });
    expect(await ask(DECISION, { id: mine.id }, stranger)).toEqual({ decision: null });
    expect((await ask(AUDIT, {}, stranger)).auditEvents.nodes).toEqual([]);
    const representations = [
      { __typename: "Run", id: runId },
      { __typename: "Step", id: `${runId}.1` },
    ];
    expect((await ask(ENTITIES, { representations }, stranger))._entities).toEqual([
      { decisions: { nodes: [] } },
      { decision: null },
    ]);
    for (const one of [
      { __typename: "Decision", id: mine.id },
      { __typename: "AuditEvent", id: event.id },
    ])
      await expect(ask(ENTITIES, { representations: [one] }, stranger)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("resolves an audit event by its id, and none by what is no id", async () => {
    const { id: decisionId } = await decide();
    const { nodes } = (await ask(AUDIT, {})).auditEvents;
    const { id } = nodes.find((event: Answer) => event.meta.decision_id === decisionId);
    const eventOf = async (one: string): Promise<Answer> =>
      (await ask(ENTITIES, { representations: [{ __typename: "AuditEvent", id: one }] }))._entities;
    expect(await eventOf(id)).toEqual([
      { id, category: "POLICY", subject: "tool:code_run", timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
    for (const none of [newId("AuditEvent"), "nope"])
      await expect(eventOf(none)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("takes a risk of the list only", async () => {
    await expect(decide({ risk: "high" })).rejects.toThrow("ToolRisk");
  });

  it("lets nobody change or delete what was decided and audited", async () => {
    const roles = [database.request, database.worker];
    for (const sql of roles) {
      for (const statement of [
        "update decision set allow = true",
        "delete from decision",
        "update audit_event set reason = ''",
        "delete from audit_event",
      ]) {
        await expect(transaction(sql, { tenant: "acme" }, (tx) => tx.unsafe(statement))).rejects.toThrow(
          "permission denied",
        );
      }
    }
    await expect(transaction(database.worker, {}, (tx) => tx`select 1 from decision`)).rejects.toThrow(
      "permission denied",
    );
  });

  it("gives many runs and steps their own decisions, the newest for a step", async () => {
    const runs = [newId(), newId()];
    const asked = [0, 1, 0, 1].map((index) => runs[index] ?? "");
    const made: Answer[] = [];
    for (const runId of asked) made.push(await decide({ runId, stepId: `${runId}.1` }));
    const representations = [
      ...runs.map((id) => ({ __typename: "Run", id })),
      ...runs.map((id) => ({ __typename: "Step", id: `${id}.1` })),
    ];
    const { _entities } = await ask(ENTITIES, { representations });
    expect(_entities.slice(0, 2).map((run: Answer) => run.decisions.nodes.map((one: Answer) => one.id))).toEqual([
      [made[0].id, made[2].id],
      [made[1].id, made[3].id],
    ]);
    expect(_entities.slice(2).map((step: Answer) => step.decision.id)).toEqual([made[2].id, made[3].id]);
  });

  it("refuses what cannot be stored as the caller's fault", async () => {
    for (const changes of [
      { tool: "a\u0000" },
      { idempotencyKey: "a\u0000" },
      { args: "\ud800" },
      { stepId: "\u0000" },
      { runId: "1" },
    ]) {
      await expect(decide(changes)).rejects.toMatchObject({ code: "BAD_INPUT" });
    }
    await expect(ask(AUDIT, { filter: { actor: "a\u0000" } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect(await ask(ENTITIES, { representations: [{ __typename: "Step", id: "a\u0000" }] })).toEqual({
      _entities: [{ decision: null }],
    });
  });

  it("keeps the audit events of other subgraphs once, however often they come", async () => {
    const data = {
      event_id: newId(),
      category: "security" as const,
      actor: "user:eve",
      subject: "tool:code_run",
      decision: "deny",
      reason: "forged\u0000",
      timestamp: new Date().toISOString(),
      tenant: "acme",
      meta: {},
    };
    const record = toRecord({
      type: "agent.audit.v1",
      tenant: "acme",
      key: "acme",
      data,
      eventId: newId(),
      at: new Date(),
    });
    expect(await bus.publish([record, record])).toEqual([{ ok: true }, { ok: true }]);
    const { auditEvents } = await ask(AUDIT, { filter: { category: ["SECURITY"] } });
    expect(auditEvents.nodes).toEqual([
      expect.objectContaining({ id: data.event_id, actor: "user:eve", reason: "forged\ufffd" }),
    ]);
  });

  it("publishes its audit events and leaves the outbox empty", async () => {
    await decide();
    await until("the outbox is empty", async () => (await database.owner`select 1 from outbox`).length === 0);
  });
});
