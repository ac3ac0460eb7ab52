import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRuntime } from "@soma/cli/data-folder";
import { readPidFile } from "@soma/local/pid-file";
import { onLinux } from "@soma/shared/testing/on-linux";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Load, startLoad } from "../load.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";

/** Longer than a lease, than a statement may take, and than a client waits: everything has run out when it wakes. */
const FROZEN_MS = 12_000;
/** Runs that must end before and after: work went on. */
const RUNS = 4;

describe.skipIf(process.platform !== "linux")(
  onLinux("a product under load outlasts a process that is frozen and wakes"),
  () => {
    let product: ProductUnderTest;
    let load: Load;
    let pid = 0;

    beforeAll(async () => {
      product = await createProduct();
      await product.start();
      pid = (await readRuntime(product.dataDir))?.pid ?? 0;
      load = startLoad(product);
    });
    afterAll(() => product.close());

    async function workGoesOn(told: string): Promise<void> {
      const before = load.ended();
      await until(`runs end, ${told}`, () => load.ended() >= before + RUNS, 60_000);
    }

    /** The server and the process of each of its connections. */
    async function serverPids(): Promise<number[]> {
      const first = String((await readPidFile(join(product.dataDir, "pg")))?.pid);
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const parents = await Promise.all(pids.map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")));
      const children = pids.filter((_, i) => parents[i]?.split(") ")[1]?.split(" ")[1] === first);
      return [first, ...children].map(Number);
    }

    it.each([
      ["the product itself", async () => [pid]],
      ["PostgreSQL", serverPids],
    ])("goes on: %s", { timeout: 180_000 }, async (name, findPids) => {
      await workGoesOn(`before ${name} was frozen`);
      const pids = await findPids();
      const signalAll = (signal: NodeJS.Signals): void => {
        for (const frozen of pids)
          try {
            process.kill(frozen, signal);
          } catch {
            // A connection may have ended.
          }
      };
      signalAll("SIGSTOP");
      await sleep(FROZEN_MS).finally(() => signalAll("SIGCONT"));
      await workGoesOn(`after ${name} was frozen`);
      await until("it is ready", async () => (await fetch(`${product.url()}/readyz`)).ok, 30_000);
      expect((await readRuntime(product.dataDir))?.pid).toBe(pid);
    });

    it("lost nothing, doubled nothing, and told no client to give up", { timeout: 120_000 }, async () => {
      await load.stop();
      expect(load.finalErrors).toEqual([]);
      const notes = await readFile(join(product.dataDir, "notes", "local", "notes.md"), "utf8");
      for (const [mark, runId] of load.acknowledged) {
        const run = await product.ended(runId);
        expect([run.status, run.outcome?.kind], `${mark}: ${JSON.stringify(run.error)}`).toEqual(["SUCCEEDED", "OK"]);
        expect(notes.split(mark).length - 1, mark).toBe(1);
      }
    });
  },
);
