import { setTimeout as sleep } from "node:timers/promises";
import { CancelRunDocument } from "@soma/graphql/operations";
import { scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFaults, readLog, readMetric } from "../operator.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";
import { watchReadiness } from "../readiness-watch.ts";

/** Longer than any limit of a statement, a lease, a retry or an answer. */
const LOCK_MS = 75_000;

/** Each is locked at once, in the order of their names; what runs need of them, and what they write. */
const LOCKED = ["memory.memory_item", "policy.decision", "runs.journal", "runs.run", "tools.invocation"];

/** What /readyz says then to whoever asks. */
const STANDSTILL = "claim-runs stands still: ";

describe("runs under way outlast a lock on the tables they live in", () => {
  let product: ProductUnderTest;
  let database: ProductDatabase;
  let server: Awaited<ReturnType<typeof startOpenAiServer>>;
  let asked = 0;

  beforeAll(async () => {
    server = await startOpenAiServer({
      async answer(messages, tools) {
        if (messages.some(({ role, content }) => role === "user" && content.includes("for ever"))) {
          asked += 1;
          await new Promise(() => {});
        }
        return scriptedAnswer(messages, tools);
      },
    });
    product = await createProduct();
    await product.start({ SOMA_MODEL_BASE_URL: server.baseUrl });
    database = await openDatabase(product.dataDir);
  });
  afterAll(async () => {
    await database.close();
    await product.close();
    await server.close();
  });

  it(`of ${LOCK_MS / 1_000} s: all succeed, one that is canceled meanwhile ends, none runs for ever`, {
    timeout: 240_000,
  }, async () => {
    const codes = Array.from(
      { length: 5 },
      (_, i) => `Run code: await sleep(${1_000 + i * 1_000}); console.log("slept")`,
    );
    const runs = await Promise.all(codes.map((code) => product.send(code)));
    const endless = await product.send("Think for ever");
    await until("the model is asked", () => asked === 1);
    await until("every code runs", async () => (await countOf("tools.invocation")) >= 5, 20_000);
    const lock = await database.lock(LOCKED.join(", "), "access exclusive");
    const lockedAt = performance.now();
    const canceling = cancel(endless);
    const standing = tellsStandstill();
    await sleep(LOCK_MS - (performance.now() - lockedAt));
    await standing.thenGoesOn(() => lock.release());

    await canceling;
    expect((await product.ended(endless, 60_000)).status).toBe("CANCELED");
    for (const runId of runs) {
      const run = await product.ended(runId, 60_000);
      const told = JSON.stringify([run.answer, run.invocations]);
      expect([run.status, run.outcome?.kind, run.error], told).toEqual(["SUCCEEDED", "OK", null]);
      expect(run.answer).toContain("slept");
      expect(run.invocations?.nodes.map(({ status }) => status)).toEqual(["SUCCEEDED"]);
    }
    expect(await database.sql`select run_id from runs.run where status < 10`).toEqual([]);
    expect((await product.ended(await product.send("What is 2+2?"))).answer).toBe("2+2 = 4.");
  });

  /** What probes, operators, metrics and the log are told while it is locked, and that it is over. */
  function tellsStandstill() {
    const { dataDir } = product;
    const watch = watchReadiness(product.url());
    const told = (async () => {
      const url = new URL("/readyz", product.url());
      await until("it is not ready", async () => (await (await fetch(url)).text()).includes(STANDSTILL), 60_000);
      watch.take();
      expect((await readFaults(dataDir)).worker?.runs).toMatch(/^claim-runs stands still: .+: \d+ s so far/);
      expect(await readMetric(dataDir, "soma_loop_standing_seconds", '"claim-runs"')).toBeGreaterThan(0);
    })();
    return {
      async thenGoesOn(release: () => Promise<void>) {
        await told;
        const answers = watch.take();
        expect(answers.length).toBeGreaterThan(10);
        expect(answers.filter(({ status, body }) => status !== 503 || !body.includes(STANDSTILL))).toEqual([]);
        await release();
        await until("it is ready again", async () => watch.take().at(-1)?.status === 200, 30_000);
        // A round that is under way is no standstill.
        expect(await readMetric(dataDir, "soma_loop_standing_seconds", '"claim-runs"')).toBeLessThan(5);
        expect((await readLog(dataDir, '"loop":"claim-runs"')).map(({ msg }) => msg)).toEqual([
          "a round of a loop takes long",
          "a loop waits for what is away",
          "a loop goes on",
        ]);
        await watch.stop();
        expect(watch.unhealthy).toEqual([]);
      },
    };
  }

  async function countOf(table: string): Promise<number> {
    const [row] = await database.sql<{ count: number }[]>`select count(*)::int from ${database.sql(table)}`;
    return row?.count ?? 0;
  }

  /** Asked again under the same key until it is taken, as a client does that is told to. */
  async function cancel(id: string): Promise<void> {
    const input = { runId: id, reason: "enough", idempotencyKey: newId() };
    const ask = () => product.client().request(CancelRunDocument, { input });
    await until("the cancel is taken", () => ask().then(() => true), LOCK_MS + 60_000);
  }
});
