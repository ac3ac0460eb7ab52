import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { readRuntime } from "@soma/cli/data-folder";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Load, startLoad } from "../load.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase } from "../product-database.ts";
import { canMount, fill, makeRoom, mountWith, moveToVolume, type Volume } from "./volumes.ts";

const DATA_MB = 8;
const POSTGRES_MB = 200;
const LIMIT_MS = 60_000;

const mounts = canMount();
const title = mounts ? "a full disk" : "a full disk (not run here: small volumes can be mounted by root only)";

describe.skipIf(!mounts)(title, () => {
  let product: ProductUnderTest;
  let load: Load;
  let pg: string;
  let pid: number | undefined;
  const volumes: Volume[] = [];

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    await product.stop();
    pg = join(product.dataDir, "pg");
    // PostgreSQL's volume stands in the one of everything else.
    const database = `${product.dataDir}-pg`;
    await rename(pg, database);
    volumes.push(moveToVolume(product.dataDir, DATA_MB), mountWith(database, pg, POSTGRES_MB));
    await product.start();
    pid = (await readRuntime(product.dataDir))?.pid;
    load = startLoad(product);
    await until("runs end", () => load.ended() > 4, LIMIT_MS);
  }, LIMIT_MS);
  afterAll(async () => {
    await product.stop();
    for (const { unmount } of volumes.reverse()) unmount();
    await product.close();
  });

  /** What a client is told once a write finds no room; until then there were gaps to fill. */
  function refusal(): Promise<unknown> {
    const text = `Remember this: ${"x".repeat(3_000)}`;
    return until(
      "a message is refused",
      () =>
        product.send(text).then(
          () => undefined,
          (error: unknown) => error as object,
        ),
      LIMIT_MS,
    );
  }

  const readyz = () => fetch(new URL("/readyz", product.url()));

  async function becomesReady(): Promise<void> {
    const isReady = async (): Promise<true> => {
      const answer = await readyz();
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    };
    await until("it is ready again", isReady, LIMIT_MS);
    const before = load.ended();
    await until("runs end again", () => load.ended() > before + 4, LIMIT_MS);
    expect((await readRuntime(product.dataDir))?.pid).toBe(pid);
    expect(process.kill(pid ?? 0, 0)).toBe(true);
  }

  /** The reasons of a 503, once one of them matches. */
  async function notReadyFor(reason: RegExp): Promise<void> {
    await until(
      `/readyz is 503 for ${reason}`,
      async () => {
        const answer = await readyz();
        return answer.status === 503 && reason.test(await answer.text());
      },
      LIMIT_MS,
    );
    expect((await fetch(new URL("/healthz", product.url()))).status).toBe(200);
  }

  it("of PostgreSQL is told, loses nothing, and everything goes on when there is room", {
    timeout: 240_000,
  }, async () => {
    const database = await openDatabase(product.dataDir);
    fill(pg);
    expect(await refusal()).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("the disk of the database is full"),
    });
    await notReadyFor(/the disk of the database is full/);
    // Its log needs a new file now and cannot have one, which ends the server.
    for (let segment = 0; segment < 20; segment += 1)
      await database.sql`select pg_logical_emit_message(true, 't', 'x'), pg_switch_wal()`.catch(() => {});
    await notReadyFor(/PostgreSQL has stopped|the database/);
    expect(await (await readyz()).text()).not.toContain("127.0.0.1");
    makeRoom(pg);
    await becomesReady();
    await database.close();
    expect(product.output()).toContain("PostgreSQL has stopped; it is started again");
  });

  it("of the data folder ends nothing, and the log goes on when there is room", { timeout: 240_000 }, async () => {
    fill(product.dataDir);
    await notReadyFor(/the disk of the data folder is full/);
    const database = await openDatabase(product.dataDir);
    const operatorUrl = (await readRuntime(product.dataDir))?.operatorUrl;
    await until(
      "writes of the log failed",
      async () => {
        await database.cutConnections();
        const metrics = await (await fetch(new URL("/metrics", operatorUrl))).text();
        return /^soma_log_write_failures_total [1-9]/m.test(metrics);
      },
      LIMIT_MS,
    );
    // What needs no room there ends all the same; a note waits for it.
    expect((await product.ended(await product.send("what is 6*7?"))).status).toBe("SUCCEEDED");
    makeRoom(product.dataDir);
    const lines = await countLines(product.dataDir);
    await database.cutConnections();
    await until("the log grows", async () => (await countLines(product.dataDir)) > lines);
    await becomesReady();
    await database.close();
  });

  it("cost no run that was acknowledged, and no client was told to give up", { timeout: 120_000 }, async () => {
    await load.stop();
    expect(load.finalErrors).toEqual([]);
    const notes = () => readFile(join(product.dataDir, "notes", "local", "notes.md"), "utf8");
    for (const [mark, runId] of load.acknowledged) {
      const { status, error, outcome } = await product.ended(runId);
      expect([status, outcome?.kind], `${mark}: ${JSON.stringify([error, outcome])}`).toEqual(["SUCCEEDED", "OK"]);
      expect((await notes()).split(mark).length - 1, mark).toBe(1);
    }
  });
});

async function countLines(dataDir: string): Promise<number> {
  return (await readFile(join(dataDir, "log", "soma.log"), "utf8")).split("\n").length;
}
