import { fileURLToPath } from "node:url";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { isFinished, RUN_STATUS } from "../../subgraphs/runs/domain/run-status.ts";
import { migrateProject } from "../../subgraphs/runs/migrate-project.ts";
import { appendSignal } from "../../subgraphs/runs/store/append-signal.ts";
import { requestCancel } from "../../subgraphs/runs/store/request-cancel.ts";
import { requestPause } from "../../subgraphs/runs/store/request-pause.ts";
import { createEngineHarness, type EngineHarness } from "../../subgraphs/runs/testing/engine.ts";
import { faultsOfEvidence } from "../../subgraphs/runs/testing/evidence.ts";
import { startWorkerProcess } from "../load/engine/worker-process.ts";
import { findHead, readEvidence, type SeenEffect } from "./evidence.ts";
import { matrixGraphs, SIGNAL, TRAIL } from "./graphs.ts";
import { type Ledger, type LedgerEntry, startLedger } from "./ledger.ts";
import type { Point } from "./points.ts";
import { type Server, startOwnServer } from "./server.ts";
import { createStrikingProxy, type Phase } from "./striking-proxy.ts";
import { type Aftermath, type Struck, strike, type Way } from "./ways.ts";

/** A point, whether what it does has been done when it is struck, and what strikes. */
export interface Cell {
  point: Point;
  phase: Phase;
  way: Way;
}

export interface Outcome {
  /** False when the run did not come to the point. */
  isStruck: boolean;
  /** Milliseconds from the strike to the next entry of the run; undefined when there was to be none. */
  resumedMs: number | undefined;
  /** How often something was done again, by class. */
  repeated: Readonly<Record<string, number>>;
  /** What is wrong, in words. */
  faults: string[];
}

/** One run, and what became of it. */
interface Trial extends Cell {
  runId: string;
  isArmed: boolean;
  isOver: boolean;
  hit: (Aftermath & { at: number; seq: number; struck: Struck }) | undefined;
  /** While it is struck, which its end may come before. */
  striking: Promise<void> | undefined;
  effects: SeenEffect[];
  isAsked: boolean;
  canceledAt: number | undefined;
}

const WORKERS = 2;
const LIMIT_MS = 60_000;

/** Two workers of the product, each in a process of its own, a server of their own, and something that strikes them. */
export async function startMatrix(): Promise<Matrix> {
  const server = await startOwnServer();
  process.env.SOMA_TEST_DATABASE_URL = server.url;
  const harness = await createEngineHarness(matrixGraphs(""));
  const { owner, schema } = harness.database;
  await migrateProject(owner, schema, fileURLToPath(new URL("./tables", import.meta.url)));
  const matrix = new Matrix(server, harness);
  await matrix.open();
  return matrix;
}

export class Matrix {
  readonly #server: Server;
  readonly #harness: EngineHarness;
  readonly #owner: Sql;
  readonly #struck: Struck[] = [];
  #ledger: Ledger | undefined;
  #trial: Trial | undefined;

  constructor(server: Server, harness: EngineHarness) {
    this.#server = server;
    this.#harness = harness;
    this.#owner = harness.database.owner;
  }

  async open(): Promise<void> {
    const { owner, schema, urls } = this.#harness.database;
    this.#ledger = await startLedger((entry, phase) => this.#onEntry(entry, phase));
    const options = {
      file: fileURLToPath(new URL("./worker.ts", import.meta.url)),
      env: { SOMA_MATRIX_LEDGER: this.#ledger.url },
    };
    const workers = Array.from({ length: WORKERS }, async (_, no) => {
      const proxy = await createStrikingProxy(urls.worker, (statement, phase) =>
        this.#comeTo(phase, (point) => point.isStatement?.(statement) === true, this.#struck[no]),
      );
      const through = { owner, schema, urls: { ...urls, worker: proxy.url } };
      return { proxy, worker: await startWorkerProcess(through, options) };
    });
    this.#struck.push(...(await Promise.all(workers)));
  }

  /** One run, struck once, to its end. */
  async run(cell: Cell): Promise<Outcome> {
    await this.#recover();
    const trial: Trial = {
      ...{
        ...cell,
        runId: "",
        isArmed: true,
        isOver: false,
        hit: undefined,
        striking: undefined,
        effects: [],
        isAsked: false,
        canceledAt: undefined,
      },
    };
    this.#trial = trial;
    const idempotencyKey = newId();
    const start = () => this.#harness.start({ graph: "matrix", idempotencyKey });
    // The server may be struck before it has answered.
    const { runId } = await until("the run is there", start, LIMIT_MS);
    trial.runId = runId;
    await until("its signal is there", () => this.#send(runId), LIMIT_MS);
    const resumed = this.#resumed(trial);
    const status = await this.#ended(runId);
    trial.isArmed = false;
    trial.isOver = true;
    // Whoever stood still may do something when it goes on.
    await trial.striking;
    await trial.hit?.back();
    const faults = await until("what became of it is read", () => this.#faultsOf(trial, status), LIMIT_MS);
    const { hit, effects } = trial;
    return { isStruck: hit !== undefined, resumedMs: await resumed, repeated: repeatedOf(effects), faults };
  }

  /** All workers live, as before the last strike. */
  async #recover(): Promise<void> {
    const { hit } = this.#trial ?? {};
    if (hit?.isGone === true) await hit.struck.worker.restart();
    for (const { worker } of this.#struck) await worker.workerId();
  }

  async close(): Promise<void> {
    await Promise.all(this.#struck.map(({ worker, proxy }) => worker.stop().then(() => proxy.close())));
    await this.#ledger?.close();
    await this.#harness.close();
    await this.#server.stop();
  }

  async #comeTo(phase: Phase, isPoint: (point: Point) => boolean, struck: Struck | undefined): Promise<void> {
    const trial = this.#trial;
    if (trial === undefined || struck === undefined || !trial.isArmed) return;
    if (trial.phase !== phase || !isPoint(trial.point)) return;
    trial.isArmed = false;
    trial.striking = this.#strike(trial, struck);
    await trial.striking;
  }

  async #strike(trial: Trial, struck: Struck): Promise<void> {
    const head = await findHead(this.#owner, trial.runId);
    const at = performance.now();
    trial.hit = { at, struck, seq: head?.seq ?? 1, ...(await strike(trial.way, struck, this.#owner)) };
  }

  async #onEntry(entry: LedgerEntry, phase: Phase): Promise<void> {
    const trial = this.#trial;
    const struck = this.#struck.find(({ worker }) => worker.pid() === entry.pid);
    if (phase === "before" && trial !== undefined) {
      const head = await findHead(this.#owner, entry.runId);
      trial.effects.push({ ...entry, head, ...(head === undefined ? {} : { durable: head.seq }) });
      if (entry.class === "idempotent" && !trial.isAsked) await this.#ask(trial);
    }
    await this.#comeTo(phase, (point) => point.isCall?.(entry) === true, struck);
  }

  async #ask(trial: Trial): Promise<void> {
    const { runId, point } = trial;
    trial.isAsked = true;
    if (point.asks === "pause") await this.#pause(runId, true);
    if (point.asks !== "cancel") return;
    await transaction(this.#owner, {}, (tx) => requestCancel(tx, { runId, reason: "the matrix asked for it" }));
    trial.canceledAt = (await findHead(this.#owner, runId))?.seq;
  }

  async #pause(runId: string, pause: boolean): Promise<void> {
    await transaction(this.#owner, {}, (tx) => requestPause(tx, { runId, pause }));
  }

  /** Once, however often it is tried. */
  async #send(runId: string): Promise<boolean> {
    const sent = { runId, tenant: "acme", name: SIGNAL, payload: null, sentBy: "bob", idemKey: runId, idemDigest: "" };
    const [known] = await this.#owner`select from signal where run_id = ${runId} and idem_key = ${runId}`;
    if (known === undefined) await transaction(this.#owner, {}, (tx) => appendSignal(tx, sent));
    return true;
  }

  /** Undefined when the run has ended without a further entry. */
  async #resumed(trial: Trial): Promise<number | undefined> {
    const { ms } = await until(
      "the run goes on",
      async () => {
        const { hit, isOver } = trial;
        const head = hit && (await findHead(this.#owner, trial.runId));
        if (hit === undefined || head === undefined || head.seq <= hit.seq) return isOver && { ms: undefined };
        return { ms: Math.round(performance.now() - hit.at) };
      },
      LIMIT_MS,
    );
    return ms;
  }

  /** Looks until it has ended, and lets it go on where it is paused; its status. */
  async #ended(runId: string): Promise<number> {
    return until(
      `run ${runId} has ended`,
      async () => {
        const [run] = await this.#owner<{ status: number }[]>`select status from run where run_id = ${runId}`;
        if (run?.status === RUN_STATUS.PAUSED.code) await this.#pause(runId, false);
        return run !== undefined && isFinished(run.status) && run.status;
      },
      LIMIT_MS,
    );
  }

  async #faultsOf({ runId, effects, canceledAt, point }: Trial, status: number): Promise<string[]> {
    const { owner, schema } = this.#harness.database;
    const evidence = await readEvidence({ owner, schema, runId, effects, canceledAt });
    const answer = evidence[0]?.history.at(-1)?.payload.answer;
    const isAsWanted = point.asks === "cancel" ? status === RUN_STATUS.CANCELED.code : answer === TRAIL;
    const end = isAsWanted ? [] : [`the run ended with status ${status} and answered ${answer}`];
    return [...evidence.flatMap(faultsOfEvidence), ...end];
  }
}

function repeatedOf(effects: readonly SeenEffect[]): Record<string, number> {
  const repeated: Record<string, number> = {};
  for (const [, same] of Map.groupBy(effects, ({ key }) => key)) {
    const [{ class: kind } = { class: "pure" }] = same;
    repeated[kind] = (repeated[kind] ?? 0) + same.length - 1;
  }
  return repeated;
}
