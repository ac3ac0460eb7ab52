import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PauseRunDocument, RunApprovalsDocument, StartRunDocument } from "@soma/graphql/operations";
import { scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { EVENT_KIND, payloadOf } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../../subgraphs/runs/domain/history.ts";
import { RUN_STATUS } from "../../../subgraphs/runs/domain/run-status.ts";
import { BadRequest } from "../../../subgraphs/runs/models/testing/wire-messages.ts";
import { readHistory } from "../../../subgraphs/runs/store/read-history.ts";
import { faultsOfEvidence } from "../../../subgraphs/runs/testing/evidence.ts";
import { readEvidence } from "../../../subgraphs/runs/testing/read-evidence.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";
import { removeData } from "../remove-data.ts";
import { HALVES, type Half, KIND_NAMES, type KindName, kindOf, type Standing } from "./kinds.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** What waits for a time waits so long: past the first start again, and past the second one. */
const WAITS_MS = { one: 14_000, two: 28_000 };
const TIMED: readonly KindName[] = ["timer", "retry", "branches"];
/** Statuses in which nobody has a run. */
const STANDS: readonly number[] = [RUN_STATUS.PARKED, RUN_STATUS.WAITING_APPROVAL, RUN_STATUS.PAUSED].map(
  ({ code }) => code,
);
/** A call of each agent of a day, and no more. */
const BUDGETS = "default: { agents: { day-one: { day: { toolCalls: 1 } }, day-two: { day: { toolCalls: 1 } } } }";

type Run = Standing & { kind: KindName; order: string; until: number };

let folder: string;
let product: ProductUnderTest;
let database: ProductDatabase;
let model: Awaited<ReturnType<typeof startOpenAiServer>>;
let runs: Run[];
/** Entries of each run, as they were when somebody looked. */
const read = new Map<string, HistoryEvent[]>();
const away = new Set<Half>(HALVES);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-system-"));
  await cp(fileURLToPath(new URL("parked", import.meta.url)), join(folder, "project"), { recursive: true });
  await cp(join(root, "conf"), join(folder, "conf"), { recursive: true });
  const budgets = await readFile(join(root, "conf/budgets.yaml"), "utf8");
  await writeFile(join(folder, "conf/budgets.yaml"), budgets.replace("\ndefault: {}\n", `\n${BUDGETS}\n`));
  model = await startOpenAiServer({
    answer(messages, tools, output) {
      const asked = messages.map(({ content }) => content).join();
      if ([...away].some((half) => asked.includes(`outage/${half}`))) throw new BadRequest("it starts again", 503);
      return scriptedAnswer(messages, tools, output);
    },
  });
  product = await createProduct("alone", { project: join(folder, "project") });
});
afterAll(async () => {
  await database?.close();
  await product.close();
  await model.close();
  await removeData(folder);
});

describe("runs that stand still, two for each reason there is", () => {
  it("stand still for the same reason when their process was killed, also when their graph is gone since", async () => {
    await start();
    runs = await beginAll();
    const before = await looksOf(runs);
    await product.kill();
    await deploy("agents/unknown.ts", "before as", "strange as");
    await start();
    await expectStill(before);
    for (const { runId } of of("unknown")) expect(await waitsForGraph(runId)).toMatch(/^unknown@1#/);
  });

  it("go on when what they wait for has come, while the others stand still", async () => {
    const others = runs.filter(({ half }) => half === "two");
    const before = await looksOf(others);
    const ours = runs.filter(({ half }) => half === "one");
    await letDecisionsExpire(ours);
    for (const run of ours) await release(run);
    await allEnd("one");
    await expectStill(before);
    const [one] = of("unknown");
    expect(await waitsForGraph(one?.runId ?? ""), "it has heard, and has no graph").toMatch(/^unknown@1#/);
  });

  it("stand still for the same reason when another build of their agents has come, and go on with that", async () => {
    const others = runs.filter(({ half }) => half === "two");
    const before = await looksOf(others);
    expect(await product.stop("SIGTERM")).toBe(0);
    await deploy("graphs/version.ts", "= 1", "= 2");
    await start();
    // A worker takes runs over for its build when it sees them.
    const taken = others.filter(({ kind }) => !["unknown", "branches"].includes(kind));
    await until("they are the new build's", async () => (await versionsOf(taken)).every((version) => version === 2));
    await expectStill(before);
    for (const run of others) await release(run);
    await allEnd("two");
  });

  it("go on when a build has their graph again", async () => {
    await deploy("agents/unknown.ts", "strange as", "before as");
    for (const { runId } of of("unknown")) expect((await product.ended(runId)).status).toBe("SUCCEEDED");
  });

  it("asked the policy again where its decision had expired meanwhile, and called under the new one", async () => {
    for (const run of [...of("budget"), ...of("day")]) {
      const decisions = await database.sql<{ id: string }[]>`
        select decision_id as id from policy.decision where run_id = ${run.runId} and tool = 'pay' order by decision_id`;
      expect(decisions, run.order).toHaveLength(run.half === "one" ? 2 : 1);
      const [call] = await database.sql`
        select decision_id from tools.invocation where run_id = ${run.runId} and tool = 'pay'`;
      expect(call?.decision_id, run.order).toBe(decisions.at(-1)?.id);
    }
  });

  it("did what they do once, and their histories are whole", async () => {
    const children = runs.flatMap(({ childId = [], ...run }) =>
      [childId].flat().map((runId) => ({ runId, order: `${run.order}/errand` })),
    );
    const deposits = of("once").map(({ order }) => `${order}/deposit`);
    const paid = (await readFile(join(product.dataDir, "paid.txt"), "utf8")).trim().split("\n");
    const all = [...runs, ...children];
    expect(paid.toSorted()).toEqual([...all.map(({ order }) => order), ...deposits].toSorted());
    for (const { runId, order } of all) {
      const seen = { runId, read: read.get(runId) ?? [] };
      expect(faultsOfEvidence(await inRuns((tx) => readEvidence(tx, seen))), order).toEqual([]);
    }
  });
});

const of = (kind: KindName): Run[] => runs.filter((run) => run.kind === kind);

async function start(): Promise<void> {
  await database?.close();
  await product.start({ SOMA_MODEL_BASE_URL: model.baseUrl, SOMA_CONF_DIR: join(folder, "conf") });
  database = await openDatabase(product.dataDir);
}

async function deploy(file: string, text: string, replacement: string): Promise<void> {
  const path = join(folder, "project", file);
  const before = await readFile(path, "utf8");
  expect(before).toContain(text);
  await writeFile(path, before.replaceAll(text, replacement));
}

/** Starts two runs of each kind, and waits until all stand still. */
async function beginAll(): Promise<Run[]> {
  const begun = await Promise.all(KIND_NAMES.flatMap((kind) => HALVES.map((half) => begin(kind, half))));
  const runIds = begun.map(({ runId }) => runId);
  // What waits for a service is had by a worker now and then, which looks whether it is back.
  const standing = (): Promise<{ id: string; child: string | null }[]> => database.sql`
    select run_id as id, (select run_id from runs.run c where c.parent_run_id = r.run_id) as child from runs.run r
     where run_id in ${database.sql(runIds)} and (status in ${database.sql(STANDS)} or exists
       (select from runs.journal j where j.run_id = r.run_id and j.kind = ${EVENT_KIND.STEP_RETRIED}))`;
  await until("all stand still", async () => (await standing()).length === begun.length, 60_000);
  for (const run of begun.filter(({ kind }) => kind === "pause")) {
    await product.client().request(PauseRunDocument, { input: { runId: run.runId, idempotencyKey: newId() } });
    const isPaused = async () => (await rowOf(run.runId))?.status === RUN_STATUS.PAUSED.code;
    await until(`${run.order} is paused`, isPaused);
  }
  const children = new Map((await standing()).map(({ id, child }) => [id, child ?? undefined]));
  return begun.map((run) => ({ ...run, childId: children.get(run.runId) }));
}

async function begin(kind: KindName, half: Half): Promise<Run> {
  const { agent = () => kind, budget } = kindOf(kind);
  const order = `${kind}/${half}`;
  const due = Date.now() + WAITS_MS[half];
  const { startRun } = await product.client().request(StartRunDocument, {
    input: {
      ...{ graph: agent(half), input: { order, until: new Date(due).toISOString() }, idempotencyKey: newId() },
      ...(budget === undefined ? {} : { budget }),
    },
  });
  return { runId: startRun.run.id, half, childId: undefined, kind, order, until: due };
}

/** As if each of these runs had stood longer than a decision of the policy is good for. */
async function letDecisionsExpire(these: readonly Run[]): Promise<void> {
  await database.sql`update policy.decision set expires_at = created_at
    where run_id in ${database.sql(these.map(({ runId }) => runId))}`;
}

/** Lets what a run waits for come about. */
async function release(run: Run): Promise<void> {
  await kindOf(run.kind).release?.(product, run, { modelIsBack: (half) => void away.delete(half) });
}

/** All of a half end well, but those whose graph is gone. */
async function allEnd(half: Half): Promise<void> {
  for (const { runId, kind, order } of runs)
    if (order.endsWith(half) && kind !== "unknown")
      expect((await product.ended(runId, 60_000)).status, order).toBe("SUCCEEDED");
}

type Looks = Map<Run, unknown>;

/** What each of these runs waits for. */
async function looksOf(these: readonly Run[]): Promise<Looks> {
  const looks: Looks = new Map();
  for (const run of these) if (stillStands(run)) looks.set(run, await look(run));
  return looks;
}

async function expectStill(before: Looks): Promise<void> {
  for (const [run, was] of before) if (stillStands(run)) expect(await look(run), run.order).toEqual(was);
}

/** On a machine that is slow the time of some comes earlier than it is looked for. */
const stillStands = ({ kind, until: due }: Run): boolean => !TIMED.includes(kind) || Date.now() < due - 1_000;

/** A run as people see it, and as the database has it. */
async function look(run: Run): Promise<object> {
  const { runId, kind, order } = run;
  const answer = await product.client().request(RunApprovalsDocument, { id: runId });
  expect(answer.run?.status, order).toBe(kindOf(kind).status ?? "RUNNING");
  const history = await historyOf(runId);
  read.set(runId, [...(read.get(runId) ?? []), ...history]);
  const reason = history.findLast((event) => event.kind === kindOf(kind).entry);
  // One that waits for a service looks now and then whether it is back.
  if (kind === "outage") return { code: payloadOf("STEP_RETRIED", reason?.payload ?? {}).error.code };
  return { ...(await rowOf(runId)), asked: answer.run?.pendingApprovals, hash: reason?.hash };
}

async function rowOf(runId: string) {
  const [row] = await database.sql<{ status: number }[]>`
    select status, control, recoveries, waits_for, signals, available_at from runs.run where run_id = ${runId}`;
  return row;
}

async function versionsOf(these: readonly Run[]): Promise<number[]> {
  const runIds = these.flatMap(({ runId, childId }) => (childId === undefined ? [runId] : [runId, childId]));
  const rows = await database.sql<{ version: number }[]>`
    select graph_version as version from runs.run where run_id in ${database.sql(runIds)}`;
  return rows.map(({ version }) => version);
}

/** The graph that a run waits for, as the API tells. */
async function waitsForGraph(runId: string): Promise<unknown> {
  const query = "query ($id: ID!) { run(id: $id) { waitsForGraph } }";
  for await (const { data } of product.client().answers({ query, variables: { id: runId } }))
    return (data as { run: { waitsForGraph: string | null } }).run.waitsForGraph;
  return undefined;
}

const historyOf = (runId: string) => inRuns((tx) => readHistory(tx, { runId, afterSeq: 0, limit: 1_000 }));

/** Asks the tables of runs by the names that their own statements have. */
function inRuns<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
  return transaction(database.sql, {}, async (tx) => {
    await tx`set local search_path to runs`;
    return work(tx);
  });
}
