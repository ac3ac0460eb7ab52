import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leaveRunning } from "../testing/records.ts";
import { createStage, type Stage } from "../testing/stage.ts";
import { aGate } from "../testing/tools.ts";
import { cancelInvocation } from "./cancel-invocation.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await createStage("cancel");
});
afterAll(() => stage.close());

describe("cancelInvocation()", () => {
  it("stops what runs here and what runs in another process", async () => {
    for (const [key, canceler] of [
      ["cancel-here", stage.first],
      ["cancel-there", stage.second],
    ] as const) {
      stage.gate = aGate();
      stage.runs = [];
      const invoked = stage.first.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: key });
      await until("it runs", () => stage.runs.length > 0);
      const [{ id = "" } = {}] = await stage.fixture.database.owner<
        { id: string }[]
      >`select invocation_id as id from invocation where idempotency_key = ${key}`;
      expect(await canceler.cancel(id)).toMatchObject({ status: "CANCELED", errorType: "canceled" });
      expect(await invoked).toMatchObject({ status: "CANCELED" });
      expect((await stage.records.framesOf(id)).at(-1)).toMatchObject({ kind: "end", status: "CANCELED" });
      expect(await stage.records.toolEvents(id)).toMatchObject([{ status: "canceled" }]);
      stage.gate.open();
    }
  });

  it("gives a finished invocation as it is, ends one whose executor died, and knows no other tenant's", async () => {
    const done = await stage.first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "cancel-done" });
    expect(await stage.first.cancel(done.invocationId)).toEqual(done);
    const lost = await leaveRunning(stage.fixture, stage.first, {
      tool: "echo",
      args: {},
      idempotencyKey: "cancel-lost",
    });
    await expect(stage.first.cancel(lost, aPrincipal({ tenant: "other" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await stage.first.cancel(lost)).toMatchObject({ status: "CANCELED", attempt: 1 });
    await expect(stage.first.cancel(newId())).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(stage.first.cancel("no id")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("ends at once what is this process's own by the database alone, because the answer to its claim was lost", async () => {
    const executorId = stage.first.deps.life.id();
    const input = { tool: "echo", args: {}, idempotencyKey: "cancel-stray" };
    const stray = await leaveRunning(stage.fixture, stage.first, input, { executorId });
    expect(await stage.first.cancel(stray)).toMatchObject({ status: "CANCELED", attempt: 1 });
    expect(await stage.records.toolEvents(stray)).toMatchObject([{ status: "canceled" }]);
  });

  it("refuses an idempotency key that is none", async () => {
    const { invocationId } = await stage.first.invoke({
      tool: "echo",
      args: { say: "x" },
      idempotencyKey: "cancel-key",
    });
    for (const idempotencyKey of ["", "k".repeat(201), "nul \0"])
      await expect(
        cancelInvocation(stage.first.deps, aPrincipal(), { invocationId, idempotencyKey }),
      ).rejects.toMatchObject({
        code: "BAD_INPUT",
      });
  });
});
