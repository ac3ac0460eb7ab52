import { graph } from "@soma/sdk/graph";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

describe("startRun()", () => {
  let harness: EngineHarness;

  beforeEach(async () => {
    harness = await createEngineHarness([one]);
  });
  afterEach(() => harness.close());

  it("gives the same run for the same key, also when two arrive at once, and refuses another body", async () => {
    const params = { graph: "one", idempotencyKey: "same" };
    const [a, b] = await Promise.all([harness.start(params), harness.start(params)]);
    expect(a.runId).toBe(b.runId);
    await expect(harness.start({ ...params, input: { text: "different" } })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await expect(harness.start({ ...params, priority: 1 })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    const other = await harness.start(params, aPrincipal({ tenant: "other" }));
    expect(other.runId).not.toBe(a.runId);
  });

  it("refuses unknown graphs, roles, profiles, sessions and empty texts", async () => {
    await expect(harness.start({ graph: "nope" })).rejects.toThrow(/there is no graph "nope"; known: one/);
    await expect(harness.start({ graph: "one", role: "admin" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(harness.start({ graph: "one", modelProfile: "x" })).rejects.toThrow(/model profile/);
    await expect(
      harness.start({ graph: "one", sessionId: "01890000-0000-7000-8000-000000000000" }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(harness.start({ graph: "one", input: { text: "  " } })).rejects.toThrow(/has no text/);
  });

  it("keeps the priority it is given", async () => {
    const all = [undefined, null, 0, 4, -4];
    const runs = await Promise.all(all.map((priority) => harness.start({ graph: "one", priority })));
    expect(runs.map(({ priority }) => priority)).toEqual([0, 0, 0, 4, -4]);
  });

  it("keeps text that jsonb cannot hold", async () => {
    const run = await harness.start({ graph: "one", input: { text: "a\u0000b\ud800" } });
    expect(run.input).toEqual({ text: "a\ufffdb\ufffd" });
  });
});
