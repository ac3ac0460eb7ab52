/**
 * How long `soma replay --live` takes: for so many journals of two agents, each as its run stood at some moment. Prints one
 * JSON object with what it made of them, the seconds, and the most memory it held.
 *
 *   node_modules/.bin/node tests/load/replay-live.ts [journals, 10000 when left out]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import setup from "@soma/local/test-postgres";
import { EVENT_KIND } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { runsMigrations } from "../../subgraphs/runs/migrate.ts";
import { GOLDEN_GRAPHS } from "../../subgraphs/runs/testing/golden/graphs.ts";
import { type Golden, readGolden } from "../../subgraphs/runs/testing/golden/read-golden.ts";

const journals = Number(process.argv[2] ?? 10_000);
if (!Number.isInteger(journals) || journals < 2 || journals > 1_000_000)
  throw new Error(`"${process.argv[2]}" is not a number of journals, 2 to 1000000`);

const root = fileURLToPath(new URL("../../", import.meta.url));
const AGENTS = ["assistant", "refund"];
const AT_ONCE = 500;

/** Runs whose histories are the first events of one that was recorded; every other one has ended. */
async function fill({ owner }: TestDatabase, { exported, events }: Golden, count: number): Promise<void> {
  const { graph, graphVersion } = exported.head;
  const hash = GOLDEN_GRAPHS.find(({ name }) => name === graph)?.hash ?? "";
  const half = Math.floor(events.length / 2);
  const runs = Array.from({ length: count }, (_, index) => ({
    ...{ runId: newId("Run"), sessionId: newId("Session") },
    ...(index % 2 === 0 ? { status: 10, events: events.length } : { status: 2, events: half + (index % half) }),
  }));
  const column = <T>(pick: (event: Golden["events"][number]) => T): T[] => events.map(pick);
  for (let from = 0; from < count; from += AT_ONCE) {
    const rows = JSON.stringify(runs.slice(from, from + AT_ONCE));
    await owner`insert into session (tenant, session_id, created_by)
      select 'acme', r."sessionId", 'user:ada' from jsonb_to_recordset(${rows}::text::jsonb) r("sessionId" uuid)`;
    await owner`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
        status, deadline, idem_key, idem_digest, trace_parent)
      select r."runId", 'acme', r."sessionId", ${graph}, ${graphVersion}, ${hash}, 'assistant', 'scripted', '{"text": ""}', 'user:ada',
        r.status, now(), r."runId", '', '' from jsonb_to_recordset(${rows}::text::jsonb) r("runId" uuid, "sessionId" uuid, status smallint)`;
    await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
      select r."runId", e.seq, 'acme', 1, 0, e.kind, e.step, e.node, e.node_type, e.attempt, now(), e.payload::jsonb, '', ''
        from jsonb_to_recordset(${rows}::text::jsonb) r("runId" uuid, events int)
        join unnest(${column((e) => e.seq)}::int[], ${column((e) => EVENT_KIND[e.kind])}::smallint[], ${column((e) => e.step)}::int[],
          ${column((e) => e.node)}::text[], ${column((e) => e.nodeType)}::text[], ${column((e) => e.attempt)}::smallint[],
          ${column((e) => JSON.stringify(e.payload))}::text[]) e(seq, kind, step, node, node_type, attempt, payload)
          on e.seq <= r.events`;
  }
}

async function replay({ urls, schema }: TestDatabase) {
  const args = ["infra/local/replay-live.ts", "--live", String(journals)];
  const env = { ...process.env, WORKER_DATABASE_URL: urls.worker, SOMA_RUNS_SCHEMA: schema };
  const begunAt = performance.now();
  const child = spawn(process.execPath, [...args, "--project", "subgraphs/sdk/samples/refund"], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let peakMb = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peakMb = Math.max(peakMb, Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024));
  }, 100);
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  clearInterval(watch);
  const seconds = Math.round(performance.now() - begunAt) / 1_000;
  const { report, error } = JSON.parse(said) as { report?: { events: number; graphs: object }; error?: string };
  if (report === undefined) throw new Error(error);
  return { journals, events: report.events, graphs: report.graphs, seconds, peakMb };
}

const stop = await setup();
const database = await createTestDatabase("runs", await runsMigrations());
try {
  const golden = (await readGolden()).filter(({ exported }) => AGENTS.includes(exported.head.graph));
  for (const journal of golden) await fill(database, journal, journals / golden.length);
  console.log(JSON.stringify(await replay(database)));
} finally {
  await database.close();
  await stop();
}
