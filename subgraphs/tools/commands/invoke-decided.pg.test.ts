import { newId } from "@soma/shared/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { recordsOf } from "../testing/records.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";

let fixture: ToolsFixture;
let first: ToolsProcess;
let second: ToolsProcess;
let records: ReturnType<typeof recordsOf>;
let runs: string[] = [];
let gate: Gate;

const tools = [
  aTool("echo", (args, { emit }) => {
    runs.push(`echo ${String(args.say)}`);
    emit("saying ");
    return String(args.say);
  }),
  aTool("wait", async (args, { idempotencyKey }) => {
    runs.push(`wait ${idempotencyKey}`);
    await gate.passed;
    return String(args.say);
  }),
];

beforeAll(async () => {
  fixture = await createToolsFixture("invoke_decided");
  records = recordsOf(fixture);
  first = await fixture.start(tools);
  second = await fixture.start(tools);
});
afterAll(async () => {
  gate?.open();
  await fixture.close();
});

describe("invokeTool() under its decision", () => {
  it("never starts a tool without a decision about this very call, and leaves an audit event", async () => {
    runs = [];
    const call = { tool: "echo", args: { say: "refused" }, idempotencyKey: "refused" };
    const runId = newId();
    const table: [string, Promise<string> | string][] = [
      ["no token", ""],
      ["forged", `${(await fixture.decide(call)).slice(0, -4)}AAAA`],
      ["argsDigest", fixture.decide({ ...call, args: { say: "other" } })],
      ["actor", fixture.decide(call, { actor: "user:eve" })],
      ["tenant", fixture.decide(call, { tenant: "other" })],
      ["tool", fixture.decide({ ...call, tool: "wait" })],
      ["toolVersion", fixture.decide(call, { toolVersion: "2" })],
      ["risk", fixture.decide(call, { risk: "high" })],
      ["approval", fixture.decide(call, { obligations: { approval: true } })],
      ["sandbox", fixture.decide(call, { obligations: { sandbox: "process" } })],
      ["idempotencyKey", fixture.decide({ ...call, idempotencyKey: "another" })],
      ["runId, stepId", fixture.decide(call, { runId, stepId: `${runId}.1` })],
    ];
    for (const [what, token] of table) {
      const before = (await records.eventsOf("agent.audit.v1")).length;
      const invoked = first.invoke({ ...call, decisionToken: await token });
      await expect(invoked, what).rejects.toMatchObject({ code: "DECISION_INVALID" });
      const events = await records.eventsOf("agent.audit.v1");
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
    await expect(first.invoke({ ...call, decisionToken: await fixture.decide(call, {}, -60) })).rejects.toMatchObject({
      code: "DECISION_EXPIRED",
    });
    expect(runs).toEqual([]);
    const rows = await fixture.database.owner`select 1 from invocation where idempotency_key = 'refused'`;
    expect(rows).toHaveLength(0);
  });

  it("gives the recorded invocation for its key, also under a decision that has expired since", async () => {
    const input = { tool: "echo", args: { say: "twice" }, idempotencyKey: "twice" };
    const row = await first.invoke(input);
    runs = [];
    expect(await second.invoke(input)).toEqual(row);
    expect(await first.invoke({ ...input, decisionToken: await fixture.decide(input, {}, -60) })).toEqual(row);
    await expect(
      first.invoke({ ...input, decisionToken: await fixture.decide({ ...input, args: {} }, {}, -60) }),
    ).rejects.toMatchObject({
      code: "DECISION_INVALID",
    });
    expect(runs).toEqual([]);
    expect(await records.toolEvents(row.invocationId)).toHaveLength(1);
  });

  it("makes one call of one decision: twenty new keys start nothing more", async () => {
    runs = [];
    const call = { tool: "echo", args: { say: "once" }, idempotencyKey: "one-of-twenty" };
    const decisionToken = await fixture.decide(call);
    const keys = [
      "one-of-twenty",
      ...Array.from({ length: 20 }, (_, i) => `key-${i}`),
      "ONE-OF-TWENTY",
      "one-of-twenty ",
    ];
    const ended = await Promise.allSettled(
      keys.map((idempotencyKey, i) =>
        (i % 2 === 0 ? first : second).invoke({ ...call, idempotencyKey, decisionToken }),
      ),
    );
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", ...Array(22).fill("rejected")]);
    for (const one of ended)
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({
          code: "DECISION_INVALID",
          message: expect.stringContaining("idempotencyKey differs"),
        });
    expect(runs).toEqual(["echo once"]);
    expect((await first.invoke({ ...call, decisionToken })).status).toBe("SUCCEEDED");
    expect(runs).toEqual(["echo once"]);
  });

  it("lowers the tool's limit by the decision's obligation", async () => {
    gate = aGate();
    const input = { tool: "wait", args: { say: "x" }, idempotencyKey: "obliged" };
    const row = await first.invoke({
      ...input,
      decisionToken: await fixture.decide(input, { obligations: { timeout_ms: 50 } }),
    });
    expect(row).toMatchObject({ status: "TIMED_OUT", errorMessage: expect.stringContaining("50 ms") });
    gate.open();
  });
});
