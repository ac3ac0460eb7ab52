/**
 * The scenario of `soma torture` for two peers: the same orders, faults, ledger and lives, of a process that has the
 * engine in it and is killed and started again; what both advise is used to go on. Prints the same table for each.
 *
 *   node_modules/.bin/node tests/load/torture-peers.ts [--runs 1000] [--seed 7] [--kill-every 4000]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CLASSES } from "../../infra/cli/torture/classes.ts";
import { type Ended, judge } from "../../infra/cli/torture/judge.ts";
import { readLedger } from "../../infra/cli/torture/ledger.ts";
import { createPlan, type Plan } from "../../infra/cli/torture/plan.ts";
import { printRows } from "../../infra/cli/torture/report.ts";
import { createDatabase, startMeasuredServer } from "./engine/server.ts";
import { INSTALL } from "./torture-peers/peer.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "7" },
    "kill-every": { type: "string", default: "4000" },
  },
});
const numbers = { runs: Number(values.runs), seed: Number(values.seed), killEveryMs: Number(values["kill-every"]) };
if (!Object.values(numbers).every((number) => Number.isInteger(number) && number >= 1 && number < 2 ** 32))
  throw new Error(`${JSON.stringify(values)} are not whole numbers from 1 on`);
const CHILD = fileURLToPath(new URL("./torture-peers/child.ts", import.meta.url));
if (!existsSync(new URL("./torture-peers/node_modules", import.meta.url)))
  throw new Error(`the peers are not installed; run: ${INSTALL}`);

// Steps in the database are ours: a peer's own have another ledger than the one that is compared here.
const classes = CLASSES.filter(({ name }) => name !== "db");
const PEERS = { dbos: "DBOS 5.3.0", langgraph: "LangGraph 1.7.3 with PostgresSaver 1.0.5, sync" };

interface Told {
  acknowledged: Map<string, string>;
  ended: Map<string, Ended>;
}

/** One life of the process, up to its end or its death; true when nothing was left to do. */
async function live(args: readonly string[], lifeMs: number, { acknowledged, ended }: Told, ready: () => void) {
  const child = spawn(process.execPath, ["--no-deprecation", CHILD, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const over = new AbortController();
  const killLater = (): void =>
    void sleep(lifeMs, undefined, { signal: over.signal }).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, order = "", status = "", words = ""] = line.split("\t");
    if (what === "ready") {
      ready();
      killLater();
    }
    if (what === "taken") acknowledged.set(order, order);
    if (what === "ended") ended.set(order, toEnded(status, words));
  }
  over.abort();
  const [code, signal] = await exit;
  if (signal !== "SIGKILL" && code !== 0) throw new Error(`a peer ended with ${code ?? signal}`);
  return code === 0;
}

function toEnded(status: string, words: string): Ended {
  const [answer, error] = status === "SUCCEEDED" ? [words, null] : [null, words];
  const known = { wasAsked: answer === "unknown", wasFound: answer === "found" };
  return { status, answer, error, recoveries: 0, faults: [], ...known };
}

async function torture(name: string, url: string, plan: Plan): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "soma-peers-"));
  const told: Told = { acknowledged: new Map(), ended: new Map() };
  const began = performance.now();
  let deaths = 0;
  let longestMs = 0;
  try {
    for (let diedAt = began; ; deaths += 1, diedAt = performance.now()) {
      const left = plan.runs.filter(({ order }) => !told.ended.has(order));
      await writeFile(join(folder, "left.json"), JSON.stringify(left));
      const ready = (): void => {
        if (deaths > 0) longestMs = Math.max(longestMs, performance.now() - diedAt);
      };
      if (await live([name, url, folder], plan.nextLifeMs(), told, ready)) break;
    }
    const verdict = judge(plan.runs, { ...told, ledger: readLedger(join(folder, "ledger.db")) });
    printRows(verdict.rows.filter(({ runs }) => runs > 0));
    for (const { words } of verdict.findings.filter(({ invariant }) => invariant === "LOST").slice(0, 3))
      console.log(words);
    const [away, took] = [longestMs, performance.now() - began].map((ms) => (ms / 1_000).toFixed(1));
    console.log(`\n${deaths} deaths · away ${away} s at most · ${took} s\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const server = await startMeasuredServer();
try {
  for (const [name, title] of Object.entries(PEERS)) {
    console.log(`${title}: ${numbers.runs} runs, seed ${numbers.seed}\n`);
    await torture(name, await createDatabase(server.url, `torture_${name}`), createPlan({ ...numbers, classes }));
  }
} finally {
  await server.stop();
}
