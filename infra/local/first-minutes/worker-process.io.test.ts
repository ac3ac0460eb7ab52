import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSilentLog } from "@soma/shared/log";
import { until } from "@soma/shared/testing/until";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type KeptWorker, keepWorker } from "./worker-process.ts";

/** Says that it is ready, as long as it lives; ends by itself when its parent has gone. */
const PROGRAM = `
process.on("disconnect", () => process.exit(1));
const tell = () => process.send({ ready: true, workerId: String(process.pid) });
setInterval(tell, 50);
tell();
`;
const held = (workerId: string) => [
  { runId: `run of ${workerId}`, tenant: "acme", epoch: 1, headSeq: 1, headHash: "h" },
];

let folder: string;
let kept: KeptWorker;
let pids: (number | undefined)[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-worker-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => kept.close());

const findHeld = async (workerId: string) => held(workerId);

function keep(program = PROGRAM, findRuns: typeof findHeld = findHeld): KeptWorker {
  const file = join(folder, "program.cjs");
  writeFileSync(file, program);
  pids = [];
  kept = keepWorker({
    launch() {
      const child = fork(file, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
      pids.push(child.pid);
      return child;
    },
    findRuns,
    log: createSilentLog(),
  });
  kept.start();
  return kept;
}

const isReady = () => until("it is ready", async () => kept.isReady());
const isGone = (pid: number | undefined): boolean => {
  try {
    process.kill(pid ?? 0, 0);
    return false;
  } catch {
    return true;
  }
};

it("keepWorker() starts a worker that was killed again, and tells what it had in hand and when it died", async () => {
  keep();
  expect([kept.isReady(), kept.deaths(), kept.lastDeath()]).toEqual([false, 0, undefined]);
  await isReady();
  const [pid] = pids;
  expect(await kept.runs()).toEqual(held(String(pid)));
  const before = Date.now();
  await Promise.all([kept.kill("once"), kept.kill("once")]);
  expect([isGone(pid), kept.isReady(), kept.deaths()]).toEqual([true, false, 1]);
  expect(kept.lastDeath()?.held).toEqual(held(String(pid)));
  expect(kept.lastDeath()?.at.getTime()).toBeGreaterThanOrEqual(before);
  await kept.kill("once");
  await isReady();
  expect([kept.deaths(), pids.length]).toEqual([1, 2]);
});

it("keepWorker() counts a death by anybody, refuses to kill one that is not ready, and leaves none behind", async () => {
  keep();
  await isReady();
  process.kill(pids[0] ?? 0, "SIGKILL");
  await until("its death is known", async () => kept.deaths() === 1);
  await expect(kept.kill("a")).rejects.toThrow("the worker process is not ready yet");
  await isReady();
  await kept.kill("a");
  expect(kept.deaths()).toBe(2);
  await isReady();
  await kept.kill("b");
  await kept.kill("a");
  expect(kept.deaths()).toBe(3);
  await isReady();
  await kept.close();
  expect(pids.every(isGone)).toBe(true);
});

it("keepWorker() looks once what a worker had in hand when it died, and tells of no death where that is not known", async () => {
  let looks = 0;
  keep(PROGRAM, async () => {
    looks += 1;
    throw new Error("the database is away");
  });
  await isReady();
  await kept.kill("once");
  expect([kept.deaths(), kept.lastDeath(), looks]).toEqual([1, undefined, 1]);
});

it("keepWorker() waits longer between processes that never become ready", async () => {
  keep("process.exit(3)");
  await until("it was tried again", async () => pids.length >= 2);
  expect([kept.deaths(), kept.isReady()]).toEqual([0, false]);
});
