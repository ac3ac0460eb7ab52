import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../backoff.ts";
import { toDeadRecord } from "../bus/dead-record.ts";
import type { EventBus, PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import type { Log } from "../log.ts";
import { type Loop, startLoop } from "../loop.ts";
import { counter } from "../metrics.ts";
import { createWaitingGauges, type Waiting } from "./show-waiting.ts";

/** Together less than a second: a process may have four relays to stop, and a lease runs out by itself. */
const RELEASES = 4;
/** Under load, what is written meanwhile leaves in one round. */
const GATHER_MS = 50;
const MEASURE_MS = 1_000;
const RETRY = { initialMs: 100, maxMs: 400 };

const published = counter("outbox_publish_total", "Events by what became of them", ["schema", "result"]);

/** An event that waits: its record, or why it can never be one. */
export interface RelayRow {
  eventId: string;
  record: EventRecord;
  /** Set when the event cannot be published whatever the bus says. */
  fault?: string;
  /** Set when it has to wait for an earlier one that is not of its batch; why. */
  waits?: string;
}

/** Where events wait. Two there are: the outbox of a schema, and the journal of runs, whose rows are events themselves. */
export interface RelaySource<R extends RelayRow> {
  /**
   * Takes or keeps the lease and gives the next rows, those of one key in the order they leave; `full` when more may wait.
   * Rows of a key whose first one was kept are passed over until it is that one's turn again.
   */
  next(): Promise<{ rows: R[]; full: boolean }>;
  /**
   * Takes a batch out, all in one transaction that does nothing once the lease is another's. Gives the ids of the events
   * that became letters.
   */
  settle(sent: Sent<R>): Promise<readonly string[]>;
  /** Whether the lease under which the last rows were read has been nobody else's since. */
  isOurs(): Promise<boolean>;
  /** Everything that waits, also what cannot leave yet. */
  measure(): Promise<Waiting>;
  /** Gives the lease back, so that another relay need not wait for it to run out. */
  release(): Promise<void>;
  /** Calls the listener when events were written nearby, until the function it gives is called: a hint, beside the interval. */
  onWritten?(listener: () => void): () => void;
}

/** What became of a batch. */
export interface Sent<R> {
  /** Delivered. */
  taken: R[];
  /** Not delivered yet, in their order. */
  kept: R[];
  /** What can never be delivered, and why. */
  dead: { row: R; reason: string }[];
}

export interface RelayOptions<R extends RelayRow> {
  source: RelaySource<R>;
  /** Name of the schema, for metrics and logs. */
  schema: string;
  bus: EventBus;
  log: Log;
  intervalMs?: number;
  /** Told after each round that delivered something. */
  onDelivered?: () => void;
}

export interface Relay {
  /**
   * One round: claim, send, settle. True when more rows may wait. `looked` is called when it knows what waits: how long the
   * bus takes, or is away, is told by what waits, and no reason to say that its part cannot serve.
   */
  tick(looked?: () => void): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Moves events from where they were written to the bus, at least once and in order per key. No transaction is open while
 * sending. What can never be delivered is parked with its reason and the rest goes on: one bad event stops nobody.
 */
export function createRelay<R extends RelayRow>(options: RelayOptions<R>): Relay {
  const { source, schema, bus, log } = options;
  const gauges = createWaitingGauges(schema, log);
  let measuredAt = Number.NEGATIVE_INFINITY;
  const lease = { name: schema, isOurs: () => source.isOurs() };

  /** Counting takes longer than most of what a round asks: once a second while rounds are full. */
  async function measure(full: boolean): Promise<void> {
    const now = performance.now();
    if (full && now - measuredAt < MEASURE_MS) return;
    measuredAt = now;
    gauges.show(await source.measure());
  }

  /** Also tells why the first of those that wait was not delivered. */
  async function send(rows: readonly R[]): Promise<Sent<R> & { why: string | undefined }> {
    const sound = rows.filter((row) => row.fault === undefined && row.waits === undefined);
    const results = await bus.publish(
      sound.map((row) => row.record),
      lease,
    );
    const taken: R[] = [];
    const kept: R[] = [];
    const dead: Sent<R>["dead"] = [];
    let why: string | undefined;
    let answered = 0;
    for (const row of rows) {
      const result = refusalOf(row) ?? results[answered++];
      if (result?.ok === true) taken.push(row);
      else if (result?.ok === false && result.kind === "poison") dead.push({ row, reason: result.reason });
      else {
        kept.push(row);
        why ??= result?.ok === false ? result.reason : "the bus gave no result";
      }
    }
    return { taken, kept, dead, why };
  }

  /** The letter is in the database, and what decides on it; the topic of dead letters has a copy for whoever watches there. */
  async function tellOfLetters(letters: Sent<R>["dead"]): Promise<void> {
    for (const { row, reason } of letters)
      log.error({ eventId: row.eventId, topic: row.record.topic, reason }, "an event was parked in outbox_dead");
    if (letters.length === 0) return;
    const results = await bus.publish(letters.map(({ row, reason }) => toDeadRecord(row.record, reason)));
    for (const result of results)
      if (!result.ok) log.warn({ schema, reason: result.reason }, "a copy of a letter is on no topic of dead letters");
  }

  return {
    release: () => source.release(),
    async tick(looked = () => {}) {
      const { rows, full } = await source.next();
      await measure(full);
      looked();
      if (rows.length === 0) return full;
      const { why, ...sent } = await send(rows);
      const parked = await source.settle(sent);
      const { taken, kept, dead } = sent;
      await tellOfLetters(dead.filter(({ row }) => parked.includes(row.eventId)));
      published.inc({ schema, result: "published" }, taken.length);
      published.inc({ schema, result: "kept" }, kept.length);
      published.inc({ schema, result: "parked" }, parked.length);
      const settled = taken.length + dead.length;
      // A lane that waits slows no other: only a round that delivered nothing is a failure, after which the next one comes later.
      const message = `events of ${schema} were not delivered and wait: ${why}`;
      if (why !== undefined && settled === 0) throw new Error(message);
      if (why !== undefined) log.warn({ kept: kept.length }, message);
      if (settled > 0) options.onDelivered?.();
      return full && settled > 0;
    },
  };
}

/** What becomes of a row that is not given to the bus. */
function refusalOf({ fault, waits }: RelayRow): PublishResult | undefined {
  if (fault !== undefined) return { ok: false, kind: "poison", reason: fault };
  return waits === undefined ? undefined : { ok: false, kind: "retriable", reason: waits };
}

export function startRelay<R extends RelayRow>(options: RelayOptions<R>): Loop {
  const hints = atMostEvery(GATHER_MS, () => loop.wake());
  // Whoever has delivered something looks again soon, and then ever more rarely.
  const relay = createRelay({ ...options, onDelivered: hints.tell });
  const { schema, intervalMs = 250, log } = options;
  const loop = startLoop({ name: `${schema}-relay`, intervalMs, maxIdleMs: 4 * intervalMs, log }, relay.tick);
  const deaf = options.source.onWritten?.(hints.tell);
  return {
    ...loop,
    async close() {
      deaf?.();
      await loop.close();
      // After the last round, which tells too when it delivers.
      hints.close();
      await untilReleased(relay, log);
    },
  };
}

/**
 * The first hint is told at once, and those that come soon after it together: a round costs some statements, and under load
 * there is always a hint. A relay of runs that was told of each took a third of what the engine does.
 */
function atMostEvery(ms: number, wake: () => void): { tell(): void; close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isToldAgain = false;
  function tell(): void {
    isToldAgain = timer !== undefined;
    if (isToldAgain) return;
    wake();
    timer = setTimeout(() => {
      timer = undefined;
      if (isToldAgain) tell();
    }, ms);
  }
  return { tell, close: () => clearTimeout(timer) };
}

/** Tried until it is true or the time of a stop is over: until the lease runs out nothing else publishes what it has. */
async function untilReleased(relay: Relay, log: Log): Promise<void> {
  for (let failures = 1; failures <= RELEASES; failures += 1) {
    try {
      return await relay.release();
    } catch (error) {
      log.warn({ err: error, failures }, "the lease of a relay could not be given back yet");
      if (failures < RELEASES) await sleep(backoffMs(RETRY, failures));
    }
  }
}
