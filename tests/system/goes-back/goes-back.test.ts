import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { expectSoundHistory } from "../sound-history.ts";

/** A run's history is told, left and gone back in by the command line, and every effect that comes again is another one. */
describe("a run goes on from an earlier event", () => {
  let product: ProductUnderTest;
  let runId = "";
  /** Number of the event that ended the model's first step, after which its tool is called. */
  let asked = 0;
  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    runId = await product.send("What is 6*7?");
    await product.ended(runId);
    const events = await told<{ type: string; nodeId: string; seq: number }[]>("runs", "watch", runId);
    asked = events.find(({ type, nodeId }) => type === "STEP_SUCCEEDED" && nodeId === "model")?.seq ?? 0;
  }, 60_000);
  afterAll(() => product.close());

  async function told<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await product.soma("--json", ...args);
    expect(code, stderr + stdout).toBe(0);
    return JSON.parse(args[1] === "watch" ? `[${stdout.trim().split("\n").join(",")}]` : stdout) as T;
  }
  const invocations = async (of: string) =>
    (await product.ended(of)).invocations?.nodes.map(({ id, status, output }) => ({ id, status, output })) ?? [];

  it("forked, with another input: its tool is called anew, and all of its history is verified", async () => {
    const fork = await told<{ id: string }>("runs", "fork", runId, String(asked), "--input", '{"note": "again"}');
    expect((await product.ended(fork.id)).answer).toContain("42");
    expect(await invocations(fork.id)).toMatchObject([{ status: "SUCCEEDED" }]);
    expect((await invocations(fork.id))[0]?.id).not.toBe((await invocations(runId))[0]?.id);
    await expectSoundHistory(product, fork.id, "the fork");
    const { stdout } = await product.soma("runs", "watch", fork.id);
    expect(stdout).toMatch(/all \d+ events verified/);
  });

  it("rolled back after it had ended: the same call is another invocation, memories are kept anew, and the answer is there", async () => {
    const [first] = await invocations(runId);
    const plan = await told<{ effects: { step: { nodeId: string } }[] }>(
      "runs",
      "rollback",
      runId,
      String(asked),
      "--dry-run",
    );
    expect(plan.effects.map(({ step }) => step.nodeId)).toContain("tool");
    expect(await invocations(runId)).toEqual([first]);
    await told("runs", "rollback", runId, String(asked));
    const detail = await product.ended(runId);
    expect([detail.status, detail.error, detail.answer]).toEqual(["SUCCEEDED", null, expect.stringContaining("42")]);
    const both = await invocations(runId);
    expect(both).toHaveLength(2);
    expect(new Set(both.map(({ id }) => id)).size).toBe(2);
    await expectSoundHistory(product, runId, "the run that was rolled back");
  });

  it("and what it was is told: its state, what differs, and an export that is replayed without the product", async () => {
    const { state } = await told<{ state: { callCount: number; answer: string } }>(
      "runs",
      "state",
      runId,
      "--at",
      String(asked),
    );
    expect(state).toMatchObject({ callCount: 1, answer: "" });
    const changes = await told<{ path: string }[]>("runs", "diff", runId, "1", String(asked));
    expect(changes.map(({ path }) => path)).toContain("/callCount");
    const file = join(product.dataDir, "run.jsonl");
    const exported = await product.soma("runs", "export", runId);
    expect(exported).toMatchObject({ code: 0, stderr: "" });
    await writeFile(file, exported.stdout);
    expect((await product.soma("runs", "export", runId)).stdout).toBe(exported.stdout);
    const replayed = await told<{ sameState: boolean; state: { answer: string } }>("runs", "replay", file);
    expect(replayed).toMatchObject({ sameState: true, state: { answer: expect.stringContaining("42") } });
    await writeFile(file, exported.stdout.replace("What is 6*7", "What is 6*8"));
    const changed = await product.soma("runs", "replay", file);
    expect([changed.code, changed.stderr]).toEqual([
      1,
      expect.stringContaining("the payload of event 1 does not match its digest"),
    ]);
  });
});
