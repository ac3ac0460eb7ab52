import { readRuntime } from "@soma/cli/data-folder";
import { until } from "@soma/shared/testing/until";
import type { FreshClone } from "./fresh-clone.ts";
import type { Up } from "./run-up.ts";

/** An installation downloads what npm has not kept, on a machine that may be busy. */
const INSTALL_MS = 280_000;
/** A small file of pure tests. */
const TEST_FILE = "subgraphs/shared/backoff.test.ts";

/** `npm start` until it is ready, a question with its answer, and a stop that leaves nothing. */
export async function tryStart(clone: FreshClone): Promise<void> {
  const start = clone.run("npm", "start", "--", "--data", clone.dataDir, "--port", "0");
  try {
    const pid = await becomesReady(clone, start);
    await answers(clone);
    process.kill(pid, "SIGTERM");
    await endsWith(start, 0);
    await leavesNothing(clone, start);
  } finally {
    // npm first, or it would wait for what it has started.
    if (start.child.exitCode === null) start.child.kill("SIGTERM");
  }
}

/** `npm start` again, and a stop of npm alone, as a service manager asks for it. */
export async function tryStopOfNpm(clone: FreshClone): Promise<void> {
  const start = clone.run("npm", "start", "--", "--data", clone.dataDir, "--port", "0");
  await becomesReady(clone, start);
  start.child.kill("SIGTERM");
  await start.ended;
  await leavesNothing(clone, start);
  if (!start.said().includes("Stopping; runs")) throw new Error(`it did not stop politely: ${start.said()}`);
}

/** `npm run check`. */
export async function tryCheck(clone: FreshClone): Promise<void> {
  await endsWith(clone.run("npm", "run", "check"), 0);
}

/** `npm test` for one file, with the number of its tests in our last line. */
export async function tryTest(clone: FreshClone): Promise<void> {
  const test = clone.run("npm", "test", "--", TEST_FILE);
  await endsWith(test, 0);
  if (!/^tests: [1-9]\d* passed, 0 failed$/m.test(test.said())) throw new Error(`it counted wrong: ${test.said()}`);
  await leavesNothing(clone, test);
}

/** The process of the product, once it answers that it is ready. */
function becomesReady(clone: FreshClone, start: Up): Promise<number> {
  return until(
    "the product is ready",
    async () => {
      if (start.child.exitCode !== null) return Promise.reject(new Error(start.said()));
      const runtime = await readRuntime(clone.dataDir);
      const answer = runtime && (await fetch(new URL("/readyz", runtime.url)).catch(() => undefined));
      return answer?.ok === true && start.said().includes("one user, loopback") && runtime?.pid;
    },
    INSTALL_MS,
  );
}

async function answers(clone: FreshClone): Promise<void> {
  const ask = clone.run("npx", "soma", "--data", clone.dataDir, "ask", "What is 6*7?");
  await endsWith(ask, 0);
  if (!ask.said().includes("42")) throw new Error(`it answered something else: ${ask.said()}`);
}

async function endsWith(command: Up, wanted: number): Promise<void> {
  const code = await command.ended;
  if (code !== wanted) throw new Error(`it ended with ${code}: ${command.said()}`);
}

async function leavesNothing(clone: FreshClone, { said }: Up): Promise<void> {
  await until("no process is left", async () => (await clone.running()).length === 0).catch(async (cause) => {
    throw new Error(`these are left: ${(await clone.running()).join("; ")} of ${said()}`, { cause });
  });
}
