import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RunDetailDocument } from "@soma/graphql/operations";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMetric } from "../operator.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { expectSoundHistory } from "../sound-history.ts";

/** The other kills, of many runs at once, are in kill-loop.test.ts. */
const ROUNDS = 8;
/** Longer than the run takes by itself, so that some kills come before it, some in every step, and some after its end. */
const LATEST_KILL_MS = 1_600;

const TAKEOVERS = "soma_worker_takeovers_total";

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
    const recovered: string[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const mark = `round-${round}-mark`;
      const delayMs = Math.round(Math.random() * LATEST_KILL_MS);
      const told = `round ${round}, killed after ${delayMs} ms`;
      const runId = await product.send(`note: ${mark}. Then run code: await sleep(900); console.log("slept")`);
      await sleep(delayMs);
      await product.kill();
      await product.start();
      // Ready is who answers: the first request, and not only the ones that are tried again.
      await product.client().request(RunDetailDocument, { id: runId });
      const run = await product.ended(runId);
      expect(run.status, `${told}: ${JSON.stringify(run.error)}`).toBe("SUCCEEDED");
      expect(run.answer, told).toContain("slept");
      expect((await readFile(notes, "utf8")).split(mark).length - 1, told).toBe(1);
      await expectSoundHistory(product, runId, told);
      if (run.recoveries > 0) recovered.push(runId);
    }
    // Each process took over from the one before it, and from nobody else.
    await until("the dead one is found", async () => (await readMetric(product.dataDir, TAKEOVERS)) > 0);
    expect(await readMetric(product.dataDir, TAKEOVERS)).toBe(1);
    // A round whose kill came before the claim or after the end has nothing to recover; most have.
    expect(recovered.length).toBeGreaterThan(ROUNDS / 4);
    const shown = await product.soma("runs", "show", recovered.at(-1) ?? "");
    expect(shown.stdout).toContain("recovered 1 time from a lost worker");
  });
});
