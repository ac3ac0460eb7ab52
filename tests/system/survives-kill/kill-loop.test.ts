import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";
import { expectSoundHistory } from "../sound-history.ts";

/** Those by the run that kills among them. */
const DEATHS = 20;
const HEALTHY = 79;
const AT_ONCE = 16;
const SLOW_CODE = 'run code: await sleep(300); console.log("slept")';
/** From the moment the process answers; most runs are in the middle of something then. */
const LATEST_KILL_MS = 900;
const POISON = "poison";
/** One death in which its first step ended, and those in a row without one after which the engine gives a run up. */
const MOST_POISONED = 1 + 9;

describe("many runs survive a process that is killed again and again", () => {
  let product: ProductUnderTest;
  let database: ProductDatabase;
  let server: Awaited<ReturnType<typeof startOpenAiServer>>;
  let death = Promise.withResolvers<void>();
  let poisoned = 0;

  async function kill(): Promise<void> {
    death.resolve();
    await product.kill();
  }

  beforeAll(async () => {
    server = await startOpenAiServer({
      async answer(messages, tools) {
        // What this run does is what kills: its process dies whenever it comes to ask the model.
        if (messages.some(({ role, content }) => role === "user" && content === POISON)) {
          poisoned += 1;
          await kill();
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

  it(`${DEATHS} times: of ${HEALTHY} none is lost, fails or does its effect twice, and the one that kills it is given up`, {
    timeout: 900_000,
  }, async () => {
    const texts = Array.from({ length: HEALTHY }, (_, i) => `note: mark-${i}-. Then ${SLOW_CODE}`);
    const runs: string[] = [];
    // Fewer at once than one caller may have under way.
    for (let at = 0; at < HEALTHY; at += AT_ONCE)
      runs.push(...(await Promise.all(texts.slice(at, at + AT_ONCE).map((text) => product.send(text)))));
    // Its process may be gone before it answers.
    await product.send(POISON).catch(() => {});
    const poison = await until("the run that kills is there", findPoison);
    for (let deaths = 0; deaths < DEATHS; deaths += 1) {
      await Promise.race([death.promise, sleep(Math.random() * LATEST_KILL_MS)]);
      await dieAndStart();
    }
    // From here on only the one that kills does.
    while (!(await isOver(poison))) {
      await Promise.race([death.promise, until("it is given up", () => isOver(poison), 90_000)]);
      if (!(await isOver(poison))) await dieAndStart();
    }
    const given = await product.ended(poison);
    expect(given.status).toBe("FAILED");
    expect(given.error?.message).toContain("without ending a step; what it does may be what ends them");
    expect(poisoned).toBeLessThanOrEqual(MOST_POISONED);
    for (const [i, runId] of runs.entries()) await expectWhole(runId, `run ${i} of ${HEALTHY}`);
    const notes = await readFile(join(product.dataDir, "notes", "local", "notes.md"), "utf8");
    expect(runs.map((_, i) => notes.split(`mark-${i}-`).length - 1)).toEqual(runs.map(() => 1));
  });

  /** Until it answers, or until the one that kills was faster. */
  async function dieAndStart(): Promise<void> {
    await kill();
    death = Promise.withResolvers();
    const starting = product.start({ SOMA_MODEL_BASE_URL: server.baseUrl }).catch(() => {});
    await Promise.race([starting, death.promise]);
  }

  async function findPoison(): Promise<string | undefined> {
    const rows = await database.sql<
      { id: string }[]
    >`select run_id as id from runs.run where input ->> 'text' = ${POISON}`;
    return rows[0]?.id;
  }

  async function isOver(runId: string): Promise<boolean> {
    return (await database.sql`select from runs.run where run_id = ${runId} and status >= 10`).length > 0;
  }

  async function expectWhole(runId: string, told: string): Promise<void> {
    const run = await product.ended(runId, 120_000);
    expect([run.status, run.outcome?.kind], `${told}: ${JSON.stringify([run.error, run.answer])}`).toEqual([
      "SUCCEEDED",
      "OK",
    ]);
    expect(run.answer, told).toContain("slept");
    expect(
      run.invocations?.nodes.map(({ status }) => status),
      told,
    ).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    await expectSoundHistory(product, runId, told);
  }
});
