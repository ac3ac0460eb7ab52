/**
 * What a long conversation costs: two tenants with a session each, one of 200 earlier messages and one of 2 000, asked in
 * turn. Prints one JSON object with the latency of an answer in each, and the ratio of the two.
 *
 *   node_modules/.bin/node tests/load/long-session.ts [messages, 60 when left out]
 */
import type { SomaClient } from "@soma/graphql/client";
import { RunDetailDocument, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { EVENT_KIND } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { createProduct } from "../system/product.ts";
import { openDatabase, type ProductDatabase } from "../system/product-database.ts";

const SIZES = { short: 200, long: 2_000 };
type Name = keyof typeof SIZES;

const messages = Number(process.argv[2] ?? 60);
if (!Number.isInteger(messages) || messages < 1 || messages > 10_000)
  throw new Error(`"${process.argv[2]}" is not a number of messages, 1 to 10000`);

const product = await createProduct();

async function converse(
  client: SomaClient,
  text: string,
  sessionId?: string,
): Promise<{ run: string; session: string }> {
  const input = { text, idempotencyKey: newId(), ...(sessionId === undefined ? {} : { sessionId }) };
  const { sendMessage } = await client.request(SendMessageDocument, { input });
  await until("the answer is there", async () => {
    const { run } = await client.request(RunDetailDocument, { id: sendMessage.run.id });
    return run !== null && run !== undefined && isFinished(run.status);
  });
  return { run: sendMessage.run.id, session: sendMessage.session.id };
}

/** Copies of one conversation, as if it had been held so often in its session; what was said differs by its number. */
async function repeat({ sql }: ProductDatabase, runId: string, count: number): Promise<void> {
  const numbers = sql`generate_series(1, ${count}::int) n`;
  const copyId = sql`overlay(${runId}::text placing lpad(to_hex(n), 12, '0') from 25)::uuid`;
  // Older than the one that is copied: ids sort by time.
  const older = sql`overlay((${copyId})::text placing '00000000' from 1)::uuid`;
  await sql`insert into runs.run select (jsonb_populate_record(r, jsonb_build_object(
      'run_id', ${older}, 'idem_key', r.idem_key || n))).* from runs.run r, ${numbers} where r.run_id = ${runId}`;
  await sql`insert into runs.journal select (jsonb_populate_record(j, jsonb_build_object('run_id', ${older}))).*
      from runs.journal j, ${numbers} where j.run_id = ${runId} and j.kind = ${EVENT_KIND.RUN_SUCCEEDED}`;
  await sql`insert into memory.memory_item (tenant, memory_id, namespace, session_id, role, kind, content, meta, at, run_id, step_id,
        idem_key_base, somabrain_key, created_at)
      select tenant, gen_random_uuid(), namespace, session_id, role, kind, content || ' ' || n, meta, at, ${older}, step_id,
        idem_key_base || n, somabrain_key || n, created_at from memory.memory_item, ${numbers} where run_id = ${runId}`;
}

function percentiles(latencies: number[]): { p50: number; p95: number } {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(share * sorted.length)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95) };
}

try {
  await product.start();
  const database = await openDatabase(product.dataDir);
  const talks = {} as Record<Name, { client: SomaClient; session: string; latencies: number[] }>;
  for (const [name, count] of Object.entries(SIZES) as [Name, number][]) {
    const { client } = await product.clientOf({ tenant: name });
    const { run, session } = await converse(client, "What is the weight of the violin?");
    await repeat(database, run, count);
    talks[name] = { client, session, latencies: [] };
  }
  await database.close();
  for (let i = 0; i < messages; i += 1)
    for (const { client, session, latencies } of Object.values(talks)) {
      const startedAt = performance.now();
      await converse(client, `What is ${i}*12?`, session);
      latencies.push(performance.now() - startedAt);
    }
  const [short, long] = [percentiles(talks.short.latencies), percentiles(talks.long.latencies)];
  const ratio = Math.round((long.p50 / short.p50) * 100) / 100;
  console.log(JSON.stringify({ earlierMessages: SIZES, messages, answerMs: { short, long }, ratioOfP50: ratio }));
} finally {
  await product.close();
}
