/**
 * What lists and recall cost at one size and at ten times that, for two tenants in one database: prints one JSON object
 * with the milliseconds of each, the median of several, and the ratio of the two sizes.
 *
 *   node_modules/.bin/node tests/load/lists.ts [rows of the smaller size, 2000 when left out] [one part: runs, policy, tools or memory]
 */
import setup from "@soma/local/test-postgres";
import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import type { Migration } from "@soma/shared/postgres/migrate";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { memoryMigrations } from "../../subgraphs/memory/migrate.ts";
import { createLocalBrain } from "../../subgraphs/memory/recall/local/local-brain.ts";
import { listMemoriesOf } from "../../subgraphs/memory/store/list-memories-of.ts";
import { listMemoriesOfKeyBase } from "../../subgraphs/memory/store/list-memories-of-key-base.ts";
import { fillMemories } from "../../subgraphs/memory/testing/fill-memories.ts";
import { policyMigrations } from "../../subgraphs/policy/migrate.ts";
import { listAuditEvents } from "../../subgraphs/policy/store/list-audit-events.ts";
import { listDecisionsOf } from "../../subgraphs/policy/store/list-decisions-of.ts";
import { fillAudit, fillDecisions } from "../../subgraphs/policy/testing/fill-policy.ts";
import { runsMigrations } from "../../subgraphs/runs/migrate.ts";
import { listRuns } from "../../subgraphs/runs/store/list-runs.ts";
import { listStepEvents } from "../../subgraphs/runs/store/list-step-events.ts";
import { readEarlierTurns } from "../../subgraphs/runs/store/read-earlier-turns.ts";
import { fillHistory, fillRuns } from "../../subgraphs/runs/testing/fill-runs.ts";
import { toolsMigrations } from "../../subgraphs/tools/migrate.ts";
import { listRunInvocations } from "../../subgraphs/tools/store/list-run-invocations.ts";
import { fillInvocations } from "../../subgraphs/tools/testing/fill-invocations.ts";

const rows = Number(process.argv[2] ?? 2_000);
if (!Number.isInteger(rows) || rows < 100 || rows > 100_000)
  throw new Error(`"${process.argv[2]}" is not a number of rows, 100 to 100000`);

const only = process.argv[3];

const TIMES = 15;
const FILL = 10_000;
const FROM_MS = Date.now() - 86_400_000;
const page = { limit: 51, oldestFirst: false };
const pageOf = { after: undefined, before: undefined, backward: false, limit: 51 };

/** What is measured, by name, for one tenant. */
type Measured = Record<string, () => Promise<unknown>>;

/** Fills a tenant with so many rows, and gives what is measured on them. */
type Part = (database: TestDatabase, tenant: string, count: number) => Promise<Measured>;

const asTenant =
  ({ request }: TestDatabase, tenant: string) =>
  (verb: (tx: Tx) => Promise<unknown>) =>
  () =>
    transaction(request, { tenant }, verb);

const PARTS: { name: string; migrations(): Promise<Migration[]>; fill: Part }[] = [
  { name: "runs", migrations: runsMigrations, fill: measureRuns },
  { name: "policy", migrations: policyMigrations, fill: measurePolicy },
  { name: "tools", migrations: toolsMigrations, fill: measureTools },
  { name: "memory", migrations: memoryMigrations, fill: measureMemory },
];

async function measureRuns(database: TestDatabase, tenant: string, count: number): Promise<Measured> {
  const sessionId = newId("Session");
  const [seldom = ""] = await fillRuns(database.owner, {
    tenant,
    sessionId,
    count: 1,
    status: 11,
    graph: "seldom",
    fromMs: FROM_MS - 1,
  });
  const runIds: string[] = [];
  // A statement has a time limit, which one of a hundred thousand rows would not keep.
  for (let from = 0; from < count; from += FILL) {
    const some = { count: Math.min(FILL, count - from) };
    runIds.push(...(await fillRuns(database.owner, { tenant, sessionId, ...some, fromMs: FROM_MS + from })));
    await fillHistory(database.owner, { runId: seldom, kind: "STREAM_DATA", from: 3 + from, ...some });
  }
  const as = asTenant(database, tenant);
  const last = runIds.at(-1) ?? "";
  return {
    "runs, newest": as((tx) => listRuns(tx, { tenant, ...page })),
    "runs, the tenth page": as((tx) => listRuns(tx, { tenant, ...page, olderThan: runIds.at(-500) })),
    "runs of a session": as((tx) => listRuns(tx, { tenant, ...page, sessionId })),
    "runs of a seldom status": as((tx) => listRuns(tx, { tenant, ...page, statusCodes: [11] })),
    "runs of a seldom graph": as((tx) => listRuns(tx, { tenant, ...page, graph: "seldom" })),
    "runs with a text nobody asked": as((tx) => listRuns(tx, { tenant, ...page, text: "nobody asked this" })),
    "steps of a run that streamed much": as((tx) => listStepEvents(tx, { runIds: [seldom] })),
    "earlier turns": () =>
      transaction(database.worker, {}, (tx) =>
        readEarlierTurns(tx, { tenant, sessionId, beforeRunId: last, limit: 10 }),
      ),
  };
}

async function measurePolicy(database: TestDatabase, tenant: string, count: number): Promise<Measured> {
  const runId = newId("Run");
  await fillAudit(database.owner, { tenant, count: 1, actor: "user:eve", category: "security", fromMs: FROM_MS - 1 });
  await fillAudit(database.owner, { tenant, count, fromMs: FROM_MS });
  await fillDecisions(database.owner, { tenant, runId, count, fromMs: FROM_MS });
  const as = asTenant(database, tenant);
  return {
    "audit, newest": as((tx) => listAuditEvents(tx, { tenant, ...page })),
    "audit of a seldom actor": as((tx) => listAuditEvents(tx, { tenant, ...page, actor: "user:eve" })),
    "audit of a seldom category": as((tx) => listAuditEvents(tx, { tenant, ...page, categories: ["security"] })),
    "decisions of a run": as((tx) => listDecisionsOf(tx, { owners: [runId], ...pageOf })),
  };
}

async function measureTools(database: TestDatabase, tenant: string, count: number): Promise<Measured> {
  const runId = newId("Run");
  await fillInvocations(database.owner, { tenant, runId, count, fromMs: FROM_MS });
  const as = asTenant(database, tenant);
  return { "invocations of a run": as((tx) => listRunInvocations(tx, { tenant, owners: [runId], ...pageOf })) };
}

async function measureMemory(database: TestDatabase, tenant: string, count: number): Promise<Measured> {
  const sessionId = newId("Session");
  await fillMemories(database, { tenant, sessionId, count, fromMs: FROM_MS });
  const as = asTenant(database, tenant);
  const brain = createLocalBrain({ sql: database.request, now: () => new Date() });
  const recall = (query: string) => () => brain.recall({ tenant, query, namespace: "default", limit: 8 });
  const long = "invoice harbour violin glacier seen favorit colr special garden ".repeat(40).slice(0, 2_000);
  return {
    "memories of a session": as((tx) => listMemoriesOf(tx, { by: "sessionId", owners: [sessionId], ...pageOf })),
    "the same memory, before one is kept": as((tx) =>
      listMemoriesOfKeyBase(tx, { tenant, namespace: "default", idemKeyBase: "none" }),
    ),
    "recall by a word of all": recall("seen"),
    "recall by a seldom word": recall("number 1321"),
    "recall by a question": recall("Can you tell me what my favorite colour of the train was?"),
    "recall by another spelling": recall("harbor favorit colr"),
    "recall by a long text": recall(long),
    "recall by stop words": recall("the of and"),
  };
}

/** The median milliseconds of two, asked in turn, so that what else the machine does meets both. */
async function compare(few: () => Promise<unknown>, many: () => Promise<unknown>): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < TIMES; i += 1)
    for (const [which, work] of [few, many].entries()) {
      const startedAt = performance.now();
      await work();
      times[which]?.push(performance.now() - startedAt);
    }
  const [fewMs = 0, manyMs = 0] = times.map((all) => all.sort((x, y) => x - y)[Math.floor(TIMES / 2)] ?? 0);
  return [fewMs, manyMs];
}

async function measure({ name, migrations, fill }: (typeof PARTS)[number]): Promise<object> {
  const database = await createTestDatabase(name, await migrations());
  try {
    const few = await fill(database, "few", rows);
    const many = await fill(database, "many", 10 * rows);
    await database.owner.unsafe("analyze");
    const round = (ms: number): number => Math.round(ms * 100) / 100;
    const found: Record<string, object> = {};
    for (const [what, work] of Object.entries(few)) {
      const [fewMs, manyMs] = await compare(work, many[what] ?? work);
      found[what] = { fewMs: round(fewMs), manyMs: round(manyMs), ratio: round(manyMs / fewMs) };
    }
    return found;
  } finally {
    await database.close();
  }
}

if (only !== undefined && !PARTS.some(({ name }) => name === only))
  throw new Error(`"${only}" is none of ${PARTS.map(({ name }) => name).join(", ")}`);

const teardown = await setup();
try {
  const measured: object[] = [];
  for (const part of PARTS.filter(({ name }) => only === undefined || name === only))
    measured.push(await measure(part));
  console.log(JSON.stringify({ rows: [rows, 10 * rows], ...Object.assign({}, ...measured) }, null, 2));
} finally {
  await teardown();
}
