import { setTimeout as sleep } from "node:timers/promises";
import { consume } from "@soma/shared/bus/consume";
import type { EventBus, Lease } from "@soma/shared/bus/event-bus";
import { topicOf } from "@soma/shared/bus/event-record";
import { createSilentLog } from "@soma/shared/log";
import { emit } from "@soma/shared/outbox/emit";
import { onEmitted } from "@soma/shared/outbox/emitted";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import kafkajs from "kafkajs";
import { anEvent, fill, someEvents } from "./fill.ts";
import { createBus, type Stage, TYPE } from "./stage.ts";

const AT_ONCE = 1_000;
const LIMIT_MS = 120_000;
const LEASED_MS = 30_000;

/** Records of a second that the client alone sends, under the settings of ours and in batches of a thousand. */
export async function measureBare({ kafka, newTenant }: Stage, events: number): Promise<number> {
  const tenant = await newTenant();
  const records = someEvents(tenant, events);
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner });
  await producer.connect();
  const beganAt = performance.now();
  for (let from = 0; from < events; from += AT_ONCE) {
    const messages = records.slice(from, from + AT_ONCE).map(({ key, value, headers }) => ({ key, value, headers }));
    await producer.send({ topic: topicOf(tenant, TYPE), acks: -1, messages });
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  await producer.disconnect();
  return events / seconds;
}

/** Records of a second that a bus alone takes, in batches of a thousand. */
export async function measureBus({ newTenant }: Stage, bus: EventBus, events: number, lease?: Lease): Promise<number> {
  const tenant = await newTenant();
  const [first, ...records] = someEvents(tenant, events + 1);
  if (first === undefined) throw new Error("there is no event");
  await bus.publish([first], lease);
  const beganAt = performance.now();
  for (let from = 0; from < events; from += AT_ONCE) {
    const results = await bus.publish(records.slice(from, from + AT_ONCE), lease);
    if (results.some(({ ok }) => !ok)) throw new Error("the bus did not take all");
  }
  return events / ((performance.now() - beganAt) / 1_000);
}

export interface Path {
  eventsPerS: number;
  /** Of the role of the relay, for each event. */
  statements: number;
  /** Events that came first time after a later one of their key. */
  disordered: number;
}

interface PathParams {
  events: number;
  relays: number;
  program?: string;
  /** Whether that one has no leases, and is stopped by no signal. */
  skipsLocked?: boolean;
}

/** From the first commit until a consumer without a database has seen the last event. All are made before, as for the client alone. */
export async function measurePath(
  stage: Stage,
  { events, relays, program, skipsLocked = false }: PathParams,
): Promise<Path> {
  const tenant = await stage.newTenant();
  const records = someEvents(tenant, events);
  const seen = new Set<string>();
  const reached = new Map<string, number>();
  let disordered = 0;
  const reader = await stage.follow(tenant, async ({ key, headers, value }) => {
    const id = headers.ce_id ?? "";
    if (seen.has(id)) return;
    seen.add(id);
    const number = Number((JSON.parse(value) as { reason: string }).reason);
    if (number < (reached.get(key) ?? -1)) disordered += 1;
    reached.set(key, Math.max(number, reached.get(key) ?? -1));
  });
  const processes = stage.startRelays(relays, program);
  await whenReady(stage, skipsLocked);
  const hush = await tellOthers(stage);
  await stage.database.owner`select public.pg_stat_statements_reset()`;
  const beganAt = performance.now();
  await fill(stage.database, tenant, records);
  await until("all were seen", () => seen.size === events, LIMIT_MS);
  const seconds = (performance.now() - beganAt) / 1_000;
  const statements = (await countStatements(stage)) / events;
  await Promise.all(processes.map((each) => (skipsLocked ? each.kill() : each.stop())));
  await hush();
  await reader.close();
  return { eventsPerS: events / seconds, statements, disordered };
}

/** Ours has its leases; the other one asked for rows. */
async function whenReady({ database: { owner } }: Stage, skipsLocked: boolean): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const found = skipsLocked
      ? await owner`select 1 from pg_stat_activity where application_name = 'skip-locked' limit 1`
      : await owner`select 1 from outbox_lease where expires_at > clock_timestamp() limit 1`;
    return found.length > 0;
  };
  await until("a relay looks for events", isReady, LEASED_MS);
}

async function countStatements({ database: { owner } }: Stage): Promise<number> {
  const [row] = await owner<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::int as calls from public.pg_stat_statements where userid = 'soma_worker'::regrole`;
  return row?.calls ?? 0;
}

/** As measurePath, with the consumer of a subgraph, whose inbox is a transaction of its own for each event. */
export async function measureInbox(stage: Stage, events: number): Promise<number> {
  const { kafka, database, startRelays, newTenant } = stage;
  const tenant = await newTenant();
  const bus = createBus(kafka);
  let handled = 0;
  const handle = async (): Promise<void> => {
    handled += 1;
  };
  await consume({ bus, sql: database.worker, consumer: `inbox-${tenant}`, type: TYPE, handle });
  const [relay] = startRelays(1);
  await fill(database, tenant, someEvents(tenant, 1));
  await until("the consumer reads", () => handled === 1, LEASED_MS);
  const records = someEvents(tenant, events);
  const beganAt = performance.now();
  await fill(database, tenant, records);
  await until("all were handled", () => handled === events + 1, LIMIT_MS);
  const seconds = (performance.now() - beganAt) / 1_000;
  await relay?.stop();
  await bus.close();
  return events / seconds;
}

/**
 * Milliseconds from a commit, after a while without one, until its event is in the hands of a consumer; its relay in the same
 * process, as in the product, or in another.
 */
export async function measureIdle(stage: Stage, times: number, where: "here" | "elsewhere"): Promise<number[]> {
  const { database, newTenant } = stage;
  const tenant = await newTenant();
  const seenAt = new Map<string, number>();
  const reader = await stage.follow(tenant, async ({ value }) => {
    seenAt.set((JSON.parse(value) as { reason: string }).reason, performance.now());
  });
  const stop = where === "here" ? startHere(stage) : await startElsewhere(stage);
  await whenReady(stage, false);
  const tookMs: number[] = [];
  for (let i = 0; i < times; i += 1) {
    await sleep(1_000 + Math.random() * 1_000);
    const data = JSON.parse(anEvent(tenant, i).value) as never;
    await transaction(database.request, { tenant }, (tx) => emit(tx, { type: TYPE, tenant, key: "idle", data }));
    const committedAt = performance.now();
    tookMs.push((await until("it was seen", () => seenAt.get(String(i)))) - committedAt);
  }
  await stop();
  await reader.close();
  return tookMs.toSorted((a, b) => a - b);
}

function startHere({ kafka, database: { worker, schema } }: Stage): () => Promise<void> {
  const bus = createBus(kafka);
  const relay = startRelay({ source: createOutboxSource(worker), schema, bus, log: createSilentLog() });
  return async () => {
    await relay.close();
    await bus.close();
  };
}

async function startElsewhere(stage: Stage): Promise<() => Promise<void>> {
  const [relay] = stage.startRelays(1);
  const hush = await tellOthers(stage);
  return async () => {
    await hush();
    await relay?.stop();
  };
}

/** As in each process of a schema, whose own relay stands by. */
async function tellOthers({ database: { worker: sql, schema } }: Stage): Promise<() => Promise<void>> {
  const wakeUp = await createNotifiedWakeUp({ sql, schema, log: createSilentLog() });
  const deaf = onEmitted(sql, () => {}, wakeUp);
  return async () => {
    deaf();
    await wakeUp.close();
  };
}
