import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { leaveRunning, recordsOf } from "../testing/records.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";
import { cancelInvocation } from "./cancel-invocation.ts";

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
  fixture = await createToolsFixture("cancel");
  records = recordsOf(fixture);
  first = await fixture.start(tools);
  second = await fixture.start(tools);
});
afterAll(async () => {
  gate?.open();
  await fixture.close();
});

describe("cancelInvocation()", () => {
  it("stops what runs here and what runs in another process", async () => {
    for (const [key, canceler] of [
      ["cancel-here", first],
      ["cancel-there", second],
    ] as const) {
      gate = aGate();
      runs = [];
      const invoked = first.invoke({ tool: "wait", args: { say: "x" }, idempotencyKey: key });
      await until("it runs", () => runs.length > 0);
      const [{ id = "" } = {}] = await fixture.database.owner<
        { id: string }[]
      >`select invocation_id as id from invocation where idempotency_key = ${key}`;
      expect(await canceler.cancel(id)).toMatchObject({ status: "CANCELED", errorType: "canceled" });
      expect(await invoked).toMatchObject({ status: "CANCELED" });
      expect((await records.framesOf(id)).at(-1)).toMatchObject({ kind: "end", status: "CANCELED" });
      expect(await records.toolEvents(id)).toMatchObject([{ status: "canceled" }]);
      gate.open();
    }
  });

  it("gives a finished invocation as it is, ends one whose executor died, and knows no other tenant's", async () => {
    const done = await first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "cancel-done" });
    expect(await first.cancel(done.invocationId)).toEqual(done);
    const lost = await leaveRunning(fixture, first, { tool: "echo", args: {}, idempotencyKey: "cancel-lost" });
    await expect(first.cancel(lost, aPrincipal({ tenant: "other" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await first.cancel(lost)).toMatchObject({ status: "CANCELED", attempt: 1 });
    await expect(first.cancel(newId())).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(first.cancel("no id")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("refuses an idempotency key that is none", async () => {
    const { invocationId } = await first.invoke({ tool: "echo", args: { say: "x" }, idempotencyKey: "cancel-key" });
    for (const idempotencyKey of ["", "k".repeat(201), "nul \0"])
      await expect(cancelInvocation(first.deps, aPrincipal(), { invocationId, idempotencyKey })).rejects.toMatchObject({
        code: "BAD_INPUT",
      });
  });
});
