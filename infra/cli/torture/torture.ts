import { cp, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CliError, EXIT } from "../cli-error.ts";
import { checkInstalled, projectFolder } from "../installed.ts";
import { judge } from "./judge.ts";
import { isPaid, readLedger } from "./ledger.ts";
import { createPlan, type Plan } from "./plan.ts";
import { createProduct, type Home, PROGRAM, type TorturedProduct } from "./product.ts";
import { readTables, withTables } from "./read-tables.ts";
import { type Report, report, startTelling } from "./report.ts";
import { runAll, STILL_MS } from "./storm.ts";
import { survey } from "./survey.ts";

/** A project like any other: agents whose tools commit and then lose their answer. */
const PROJECT = fileURLToPath(new URL("../../../subgraphs/sdk/samples/torture/", import.meta.url));

export interface TortureOptions {
  runs: number;
  seed: number;
  killEvery: number;
  /** Another version of the project. */
  project?: string;
  keep?: boolean;
  json: boolean;
}

/**
 * `soma torture`: a product of its own, whose runs have effects that lose their answers while its process is killed
 * again and again; afterwards what was asked for is compared with what was told and what was done. Exit code 1 when
 * that differs.
 */
export async function torture(options: TortureOptions): Promise<void> {
  const { seed, runs, keep = false, json } = options;
  const plan = createPlan({ runs, seed, killEveryMs: options.killEvery });
  checkInstalled(PROGRAM);
  const source = options.project === undefined ? PROJECT : projectFolder(options.project);
  const home = await createHome();
  const stop = new AbortController();
  const tell = startTelling(options);
  const letGo = hearSignals(stop, tell.interrupted);
  try {
    await cp(source, home.projectDir, { recursive: true, filter: (path) => !LEFT_BEHIND.has(basename(path)) });
    const found = await tortureIn(home, { plan, stop: stop.signal, onProgress: tell.progress });
    if (stop.signal.aborted) process.exitCode = EXIT.INTERRUPTED;
    else if (!report({ ...found, seed, home: keep ? home : undefined }, json)) process.exitCode = EXIT.FAILED;
  } catch (error) {
    // A product that hears Ctrl-C from the terminal too ends before it has started.
    if (!stop.signal.aborted) throw error;
    process.exitCode = EXIT.INTERRUPTED;
  } finally {
    letGo();
    tell.end();
    if (!keep) await rm(home.folder, { recursive: true, force: true, maxRetries: 5 });
    else if (stop.signal.aborted) tell.kept(home.folder);
  }
}

/**
 * What a project holds that is no part of it: the data and the secrets of a product it was run with, and its history.
 */
const LEFT_BEHIND: ReadonlySet<string> = new Set([".soma", ".git"]);

async function createHome(): Promise<Home> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "soma-torture-")));
  const home = { folder, dataDir: join(folder, "data"), projectDir: join(folder, "project") };
  await mkdir(home.dataDir, { mode: 0o700 });
  return home;
}

/** Takes the first signal for a request to end everything that was started; another one ends this process at once. */
function hearSignals(stop: AbortController, onStop: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const hear = (): void => {
    letGo();
    onStop();
    stop.abort();
  };
  const letGo = (): void => {
    for (const signal of signals) process.off(signal, hear);
  };
  for (const signal of signals) process.on(signal, hear);
  return letGo;
}

interface Under {
  plan: Plan;
  stop: AbortSignal;
  onProgress(progress: { started: number; ended: number }): void;
}

/** Everything of the report but where it was kept. */
async function tortureIn(home: Home, { plan, stop, onProgress }: Under): Promise<Omit<Report, "seed" | "home">> {
  const ledger = join(home.dataDir, "ledger.db");
  const product = await createProduct(home);
  stop.addEventListener("abort", () => void product.stop().catch(() => {}));
  const began = performance.now();
  try {
    await product.start();
    const over = new AbortController();
    const signal = AbortSignal.any([stop, over.signal]);
    let done = 0;
    const note = (progress: { started: number; ended: number }): void => {
      done = progress.ended;
      onProgress(progress);
    };
    const killing = killAgainAndAgain(product, { plan, done: () => done, end: signal });
    killing.catch(() => over.abort());
    const asked = { runs: plan.runs, isPaid: (order: string) => isPaid(ledger, order), signal, onProgress: note };
    const acknowledged = await runAll(product, asked).finally(() => over.abort());
    // It may have been starting the product; why that failed is told first.
    await killing;
    const ended = await survey(product, new Set(acknowledged.values()), stop);
    if (!stop.aborted) checkAsked(plan.runs.length, acknowledged.size);
    const paid = stop.aborted ? new Map() : await readTables(product);
    const evidence = { acknowledged, ended, ledger: withTables(readLedger(ledger), paid) };
    const tookMs = performance.now() - began;
    return { ...judge(plan.runs, evidence), deaths: product.deaths(), tookMs };
  } finally {
    await product.stop();
  }
}

/** A product that refuses what it is asked for loses nothing, and proves nothing either. */
export function checkAsked(asked: number, acknowledged: number): void {
  if (acknowledged === asked) return;
  throw new CliError(
    `only ${acknowledged} of ${asked} runs were acknowledged before nothing happened for ${STILL_MS / 1_000} s, so nothing is proven; --keep leaves the log to look at`,
    { code: "NOT_ACKNOWLEDGED" },
  );
}

/** How long a process that gets nothing done may live on, as on a machine that is busy with other things. */
const IDLE_MS = 30_000;
const LOOK_MS = 50;

/**
 * Kills the product when it has lived for a while and a run has ended, and starts it again, also when a tool has killed
 * it; leaves it running. `done` counts the runs that have ended.
 */
async function killAgainAndAgain(
  product: TorturedProduct,
  { plan, done, end }: { plan: Plan; done(): number; end: AbortSignal },
): Promise<void> {
  const rest = (ms: number): Promise<unknown> => pause(ms, undefined, { signal: end }).catch(() => {});
  const live = async (): Promise<void> => {
    const before = done();
    await rest(plan.nextLifeMs());
    for (let idle = 0; done() === before && idle < IDLE_MS && !end.aborted; idle += LOOK_MS) await rest(LOOK_MS);
  };
  while (!end.aborted) {
    await Promise.race([live(), product.died()]);
    if (end.aborted) return;
    await product.kill();
    await product.start();
  }
}
