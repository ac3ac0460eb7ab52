import { createRequestContext } from "@soma/shared/graphql/context";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture } from "../testing/fixture.ts";
import { aTool } from "../testing/tools.ts";
import { loadersOf } from "./loaders.ts";

const runs = [newId("Run"), newId("Run")];
let fixture: ToolsFixture;

beforeAll(async () => {
  fixture = await createToolsFixture("tools_loaders");
  const runner = await fixture.start([aTool("echo", (args) => String(args.say))]);
  for (let i = 0; i < 8; i += 1) {
    const runId = runs[i % 2] ?? "";
    // Steps 1 and 2 of each run, each called twice.
    await runner.invoke({
      tool: "echo",
      args: { say: i },
      idempotencyKey: `k${i}`,
      runId,
      stepId: `${runId}.${1 + (Math.floor(i / 2) % 2)}`,
    });
  }
});
afterAll(() => fixture.close());

const loaders = () =>
  loadersOf(
    fixture.database.request,
    createRequestContext({ principal: aPrincipal(), requestId: "r", log: createSilentLog() }),
  );

describe("loadersOf()", () => {
  it("gives the newest invocation of a step", async () => {
    const found = await loaders().ofStep.loadMany([`${runs[0]}.1`, `${runs[1]}.2`, `${runs[0]}.9`]);
    expect(found.map((row) => (row as { idempotencyKey: string } | undefined)?.idempotencyKey)).toEqual([
      "k4",
      "k7",
      undefined,
    ]);
  });

  it("gives the outputs that were asked for together, each to its own", async () => {
    const own = loaders();
    const page = { limit: 10, after: undefined, before: undefined, backward: true };
    const rows = await own.ofRun.load({ owner: runs[0] ?? "", page });
    expect(await own.output.loadMany(rows.map((row) => row.invocationId))).toEqual(["6", "4", "2", "0"]);
    expect(await own.output.load(newId())).toBe("");
  });
});
