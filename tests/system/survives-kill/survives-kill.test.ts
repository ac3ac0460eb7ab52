import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RunEventsPageDocument } from "@soma/graphql/operations";
import { CHAIN_START, verifyNext } from "@soma/schemas/run-chain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

const ROUNDS = 20;
/** Longer than the run takes by itself, so that some kills come before it, some in every step, and some after its end. */
const LATEST_KILL_MS = 1_600;

describe("a run survives the death of its process", () => {
  let product: ProductUnderTest;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
  });
  afterAll(() => product.close());

  it(`finishes by itself after SIGKILL at a random moment, ${ROUNDS} times, and never does its effect twice`, {
    timeout: 400_000,
  }, async () => {
    const notes = join(product.dataDir, "notes", "local", "notes.md");
    let recovered = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const mark = `round-${round}-mark`;
      const delayMs = Math.round(Math.random() * LATEST_KILL_MS);
      const told = `round ${round}, killed after ${delayMs} ms`;
      const runId = await product.send(`note: ${mark}. Then run code: await sleep(900); console.log("slept")`);
      await sleep(delayMs);
      await product.kill();
      await product.start();
      const run = await product.ended(runId);
      expect(run.status, `${told}: ${JSON.stringify(run.error)}`).toBe("SUCCEEDED");
      expect(run.answer, told).toContain("slept");
      expect((await readFile(notes, "utf8")).split(mark).length - 1, told).toBe(1);
      await expectSoundHistory(runId, told);
      recovered += Math.min(1, run.recoveries);
    }
    // A round whose kill came before the claim or after the end has nothing to recover; most have.
    expect(recovered).toBeGreaterThan(ROUNDS / 4);
    const [last] = JSON.parse((await product.soma("--json", "runs", "list", "--limit", "1")).stdout) as {
      id: string;
    }[];
    expect((await product.soma("runs", "show", last?.id ?? "")).stdout).toMatch(
      /recovered [01] times? from a lost worker/,
    );
  });

  /** Contiguous, chained, and one end for every stream that began. */
  async function expectSoundHistory(runId: string, told: string): Promise<void> {
    const { runEventsPage } = await product
      .client()
      .request(RunEventsPageDocument, { runId, afterSeq: 0, limit: 1_000 });
    let head = { seq: 0, hash: CHAIN_START };
    const streams: Record<string, number> = {};
    for (const event of runEventsPage.events) {
      head = await verifyNext(runId, head, {
        ...event,
        stepId: event.stepId ?? null,
        nodeId: event.nodeId ?? null,
        attempt: event.attempt ?? null,
      });
      const { stream } = event.payload as { stream?: string };
      if (event.type === "STREAM_START") streams[stream ?? ""] = (streams[stream ?? ""] ?? 0) + 1;
      if (event.type === "STREAM_END") streams[stream ?? ""] = (streams[stream ?? ""] ?? 0) - 1;
    }
    expect(
      Object.values(streams).every((open) => open === 0),
      `${told}: ${JSON.stringify(streams)}`,
    ).toBe(true);
    const finished = runEventsPage.events
      .filter((event) => event.type === "STEP_SUCCEEDED")
      .map((event) => event.stepNumber);
    expect(new Set(finished).size, told).toBe(finished.length);
  }
});
