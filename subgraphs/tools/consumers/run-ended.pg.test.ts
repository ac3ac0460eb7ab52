import { createLocalBus } from "@soma/shared/bus/local-bus";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { recordsOf } from "../testing/records.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";
import { consumeRunEnded } from "./run-ended.ts";

let fixture: ToolsFixture;
let process: ToolsProcess;
let gate: Gate;
const started: string[] = [];
const bus = createLocalBus();

beforeAll(async () => {
  fixture = await createToolsFixture("run_ended");
  gate = aGate();
  const wait = aTool("wait", async (_args, { idempotencyKey, signal }) => {
    started.push(idempotencyKey);
    await Promise.race([gate.passed, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    return "waited";
  });
  process = await fixture.start([wait]);
  await consumeRunEnded({ bus, sql: fixture.database.worker });
});
afterAll(async () => {
  gate.open();
  await bus.close();
  await fixture.close();
});

function publish(runId: string, status: string, tenant = "acme", eventId = newId()) {
  const data = {
    run_id: runId,
    tenant,
    session_id: newId(),
    run_version: 1,
    run_schema_version: 1,
    orchestrator_name: "assistant",
    orchestrator_build: "test",
    model_profile: "default",
    status,
    started_at: new Date().toISOString(),
    trace_id: "",
  };
  const headers = { ce_id: eventId, ce_tenant: tenant, ce_type: "agent.runs.v1" };
  return bus.publish([{ topic: `soma.${tenant}.agent.runs.v1`, key: runId, value: JSON.stringify(data), headers }]);
}

describe("consumeRunEnded()", () => {
  it("stops what still runs for a run that has ended, and nothing of other runs and tenants", async () => {
    for (const status of ["canceled", "failed", "succeeded"]) {
      const runId = newId();
      const call = (key: string, run: string) =>
        process.invoke({ tool: "wait", args: {}, idempotencyKey: key, runId: run, stepId: `${run}.1` });
      const ended = call(`${status}-ended`, runId);
      const other = call(`${status}-other`, newId());
      await until("both run", () => started.includes(`${status}-ended`) && started.includes(`${status}-other`));
      for (const early of ["queued", "running", "paused", "waiting_approval"]) await publish(runId, early);
      await publish(runId, status, "other");
      expect(
        await fixture.database.owner`select 1 from invocation where cancel_requested and status = 'RUNNING'`,
      ).toEqual([]);
      const eventId = newId();
      for (let delivery = 0; delivery < 2; delivery += 1)
        expect(await publish(runId, status, "acme", eventId)).toEqual([{ ok: true }]);
      expect(await ended).toMatchObject({ status: "CANCELED", errorType: "canceled" });
      const row = await fixture.database
        .owner`select status from invocation where idempotency_key = ${`${status}-other`}`;
      expect(row).toEqual([{ status: "RUNNING" }]);
      gate.open();
      expect((await other).status).toBe("SUCCEEDED");
      expect(await recordsOf(fixture).toolEvents((await ended).invocationId)).toHaveLength(1);
      gate = aGate();
    }
  });
});
