import { newId } from "@soma/shared/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finishInvocation } from "../execution/invocations/finish-invocation.ts";
import type { Attempt } from "../store/lock-attempt.ts";
import { leaveRunning } from "../testing/records.ts";
import { createStage, type Stage } from "../testing/stage.ts";
import { aGate } from "../testing/tools.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await createStage("invoke_decided");
});
afterAll(() => stage.close());

describe("invokeTool() under its decision", () => {
  it("never starts a tool without a decision about this very call, and leaves an audit event", async () => {
    stage.runs = [];
    const call = { tool: "echo", args: { say: "refused" }, idempotencyKey: "refused" };
    const runId = newId();
    const table: [string, Promise<string> | string][] = [
      ["no token", ""],
      ["forged", `${(await stage.fixture.decide(call)).slice(0, -4)}AAAA`],
      ["argsDigest", stage.fixture.decide({ ...call, args: { say: "other" } })],
      ["actor", stage.fixture.decide(call, { actor: "user:eve" })],
      ["tenant", stage.fixture.decide(call, { tenant: "other" })],
      ["tool", stage.fixture.decide({ ...call, tool: "wait" })],
      ["toolVersion", stage.fixture.decide(call, { toolVersion: "2" })],
      ["risk", stage.fixture.decide(call, { risk: "high" })],
      ["approval", stage.fixture.decide(call, { obligations: { approval: true } })],
      ["sandbox", stage.fixture.decide(call, { obligations: { sandbox: "process" } })],
      ["idempotencyKey", stage.fixture.decide({ ...call, idempotencyKey: "another" })],
      ["runId, stepId", stage.fixture.decide(call, { runId, stepId: `${runId}.1` })],
    ];
    for (const [what, token] of table) {
      const before = (await stage.records.eventsOf("agent.audit.v1")).length;
      const invoked = stage.first.invoke({ ...call, decisionToken: await token });
      await expect(invoked, what).rejects.toMatchObject({ code: "DECISION_INVALID" });
      const events = await stage.records.eventsOf("agent.audit.v1");
      expect(events, what).toHaveLength(before + 1);
      expect(events.at(-1)).toMatchObject({
        category: "security",
        actor: "user:ada",
        subject: "tool:echo",
        decision: "deny",
        key: "acme",
      });
      if (!what.includes(" ") && what !== "forged") expect(events.at(-1)?.reason).toContain(what);
      expect(events.at(-1)).not.toHaveProperty("meta.args");
    }
    await expect(
      stage.first.invoke({ ...call, decisionToken: await stage.fixture.decide(call, {}, -60) }),
    ).rejects.toMatchObject({
      code: "DECISION_EXPIRED",
    });
    expect(stage.runs).toEqual([]);
    const rows = await stage.fixture.database.owner`select 1 from invocation where idempotency_key = 'refused'`;
    expect(rows).toHaveLength(0);
  });

  it("ends nothing of which its event cannot tell: what does not fit its schema takes the end back", async () => {
    const input = { tool: "echo", args: { say: "x" }, idempotencyKey: "of-nobody" };
    const id = await leaveRunning(stage.fixture, stage.first, input);
    const { owner, worker } = stage.fixture.database;
    const [left] = await owner<
      Attempt[]
    >`update invocation set run_id = '01990000-0000-7000-8000-000000000001', step_id = 'nowhere'
      where invocation_id = ${id} returning tenant, invocation_id as "invocationId", attempt, executor_id as "executorId"`;
    if (left === undefined) throw new Error("nothing was left");
    const end = finishInvocation(worker, left, { status: "SUCCEEDED", stream: "OK", error: null, executionMs: 1 });
    await expect(end).rejects.toMatchObject({ code: "EVENT_INVALID", message: expect.stringContaining("/step_id") });
    expect(await stage.records.statusOf(id)).toMatchObject({ status: "RUNNING" });
    expect((await stage.records.framesOf(id)).map(({ kind }) => kind)).toEqual(["start"]);
    await owner`delete from stream_frame where invocation_id = ${id}`;
    await owner`delete from invocation where invocation_id = ${id}`;
  });

  it("gives the recorded invocation for its key, also under a decision that has expired since", async () => {
    const input = { tool: "echo", args: { say: "twice" }, idempotencyKey: "twice" };
    const row = await stage.first.invoke(input);
    stage.runs = [];
    expect(await stage.second.invoke(input)).toEqual(row);
    expect(await stage.first.invoke({ ...input, decisionToken: await stage.fixture.decide(input, {}, -60) })).toEqual(
      row,
    );
    await expect(
      stage.first.invoke({ ...input, decisionToken: await stage.fixture.decide({ ...input, args: {} }, {}, -60) }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    expect(stage.runs).toEqual([]);
    expect(await stage.records.toolEvents(row.invocationId)).toHaveLength(1);
  });

  it("makes one call of one decision: twenty new keys start nothing more", async () => {
    stage.runs = [];
    const call = { tool: "echo", args: { say: "once" }, idempotencyKey: "one-of-twenty" };
    const decisionToken = await stage.fixture.decide(call);
    const keys = [
      "one-of-twenty",
      ...Array.from({ length: 20 }, (_, i) => `key-${i}`),
      "ONE-OF-TWENTY",
      "one-of-twenty ",
    ];
    const ended = await Promise.allSettled(
      keys.map((idempotencyKey, i) =>
        (i % 2 === 0 ? stage.first : stage.second).invoke({ ...call, idempotencyKey, decisionToken }),
      ),
    );
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", ...Array(22).fill("rejected")]);
    for (const one of ended)
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({
          code: "DECISION_INVALID",
          message: expect.stringContaining("idempotencyKey differs"),
        });
    expect(stage.runs).toEqual(["echo once"]);
    expect((await stage.first.invoke({ ...call, decisionToken })).status).toBe("SUCCEEDED");
    expect(stage.runs).toEqual(["echo once"]);
  });

  it("lowers the tool's limit by the decision's obligation", async () => {
    stage.gate = aGate();
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "obliged" };
    const row = await stage.first.invoke({
      ...input,
      decisionToken: await stage.fixture.decide(input, { obligations: { timeout_ms: 50 } }),
    });
    expect(row).toMatchObject({ status: "TIMED_OUT", errorMessage: expect.stringContaining("50 ms") });
    stage.gate.open();
  });
});
