import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readRuntime } from "@soma/cli/data-folder";
import { readPidFile } from "@soma/local/pid-file";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Load, startLoad } from "../load.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase } from "../product-database.ts";
import { type ReadinessWatch, watchReadiness } from "../readiness-watch.ts";

const CUTS = 20;
const RESTARTS = 10;
/** How PostgreSQL is stopped; nobody but the product starts it again. */
const WAYS = [
  ["fast", "SIGINT"],
  ["immediate", "SIGQUIT"],
  ["kill -9", "SIGKILL"],
] as const;
/** Runs that must end before the next blow: work went on. */
const BETWEEN = 2;

describe("a product under load does not care what becomes of its database", () => {
  let product: ProductUnderTest;
  let load: Load;
  let watch: ReadinessWatch;
  let pid: number | undefined;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    pid = (await readRuntime(product.dataDir))?.pid;
    load = startLoad(product);
    watch = watchReadiness(product.url());
  });
  afterAll(() => product.close());

  async function workGoesOn(told: string): Promise<void> {
    const before = load.ended();
    await until(`runs end again, ${told}`, () => load.ended() >= before + BETWEEN, 30_000);
  }

  async function serverPid(): Promise<number> {
    const file = await readPidFile(join(product.dataDir, "pg"));
    return file?.ready === true ? file.pid : 0;
  }

  it(`goes on when every connection is cut, ${CUTS} times`, { timeout: 240_000 }, async () => {
    const database = await openDatabase(product.dataDir);
    for (let cut = 1; cut <= CUTS; cut += 1) {
      await workGoesOn(`before cut ${cut}`);
      // The end of a run may have been on its way to its client when the last cut came.
      await until("there is something to cut", async () => (await database.countConnections()) > 5);
      await database.cutConnections();
    }
    await workGoesOn("after the last cut");
    await database.close();
    await expectReady();
  });

  it(`starts PostgreSQL again when it was stopped or killed, ${RESTARTS} times`, { timeout: 240_000 }, async () => {
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const [name, signal] = WAYS[restart % WAYS.length] ?? WAYS[0];
      const told = `${name}, restart ${restart + 1}`;
      await workGoesOn(`before ${told}`);
      watch.take();
      const before = await serverPid();
      process.kill(before, signal);
      await until(`another server is there, ${told}`, async () => ![0, before].includes(await serverPid()), 30_000);
      await workGoesOn(`after ${told}`);
      await expectReady();
      const refusal = { status: 503, body: expect.stringContaining('"reasons":{') };
      expect(watch.take(), told).toContainEqual(refusal);
    }
    const said = product.output().match(/PostgreSQL has stopped; it is started again/g);
    expect(said).toHaveLength(RESTARTS);
  });

  it("lost nothing, doubled nothing, told no client to give up, and is the process it was", {
    timeout: 120_000,
  }, async () => {
    await load.stop();
    await watch.stop();
    expect(load.finalErrors).toEqual([]);
    expect(watch.unhealthy).toEqual([]);
    expect((await readRuntime(product.dataDir))?.pid).toBe(pid);
    expect(process.kill(pid ?? 0, 0)).toBe(true);
    for (const [mark, runId] of load.acknowledged) {
      const run = await product.ended(runId);
      expect(run.status, `${mark}: ${JSON.stringify(run.error)}`).toBe("SUCCEEDED");
    }
    const notes = await readFile(join(product.dataDir, "notes", "local", "notes.md"), "utf8");
    for (const mark of load.acknowledged.keys()) expect(notes.split(mark).length - 1, mark).toBe(1);
    expect(load.acknowledged.size).toBeGreaterThan((CUTS + RESTARTS) * BETWEEN);
  });

  async function expectReady(): Promise<void> {
    const ready = await until(
      "it is ready",
      async () => {
        const response = await fetch(`${product.url()}/readyz`);
        return response.ok && (await response.json());
      },
      30_000,
    );
    expect(ready).toEqual({ ready: true });
  }
});
