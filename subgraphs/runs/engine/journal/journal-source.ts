import { topicOf, toRecord } from "@soma/shared/bus/event-record";
import type { InboundTenants } from "@soma/shared/bus/inbound-tenants";
import { newId } from "@soma/shared/ids";
import type { RelayRow, RelaySource, Sent } from "@soma/shared/outbox/relay";
import { LONG_WAIT_S, type Waiting } from "@soma/shared/outbox/show-waiting";
import { createSlowLanes } from "@soma/shared/outbox/slow-lanes";
import { findOpenTransaction } from "@soma/shared/outbox/store/find-open-transaction";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { headersOf } from "@soma/shared/telemetry";
import type { LocalWakeUp } from "@soma/shared/wake-up";
import { type KeyedEvent, toPublishedEvents } from "../../domain/answer-event.ts";
import { advanceRelay } from "../../store/advance-relay.ts";
import { carryOutDecisions } from "../../store/carry-out-decisions.ts";
import { claimRelay, type RelayLease } from "../../store/claim-relay.ts";
import { completeAnswers } from "../../store/complete-answers.ts";
import { deleteErasedLetters } from "../../store/delete-erased-letters.ts";
import { findEarlyAnswers } from "../../store/find-early-answers.ts";
import { findParkedRuns } from "../../store/find-parked-runs.ts";
import { holdRuns } from "../../store/hold-runs.ts";
import { insertDeadLetter } from "../../store/insert-dead-letter.ts";
import { isRelayOwned } from "../../store/is-relay-owned.ts";
import { listHeldRuns } from "../../store/list-held-runs.ts";
import { measureUnpublished } from "../../store/measure-unpublished.ts";
import { type HeldRun, readHeld } from "../../store/read-held.ts";
import { readUnpublished } from "../../store/read-unpublished.ts";
import { releaseRelay } from "../../store/release-relay.ts";
import type { RelayPosition, UnpublishedRow } from "../../store/select-published.ts";
import { planSettling, type Round } from "./plan-settling.ts";

const BATCH = 500;
const PER_HELD_RUN = 64;
/** When more runs than this fail it is the bus that fails; the cursor then stays where it is. */
const MAX_HELD = 256;
const LEASE_MS = 10_000;
const ANSWER = "conversation.event.v1";
const EARLIER_WAITS = "an earlier answer of its session waits";

export interface JournalRow extends RelayRow {
  tenant: string;
  type: string;
  position: RelayPosition;
}

export interface JournalSourceOptions {
  /** That of what runs cost. */
  currency: string;
  /** Whose answers are published, nobody's when left out: what they are told stays between them and us. */
  answering?: Pick<InboundTenants, "has">;
  /** Whoever changes a run says so to those who follow it, and the journal has a row of it then. */
  wakeUp?: Pick<LocalWakeUp, "onAny">;
}

/**
 * The journal as a source of events: in `runs` a row of history is its own outbox row. It is read by transaction id and only
 * below the oldest transaction still running, so that a row that commits late is never stepped over. A run whose event was
 * kept is held: the cursor goes on past it, and its rows are read apart until all were taken, so that one run holds up no
 * other and a crash or a failure can only repeat. A run whose event can never be published waits for a person to decide. An
 * answer waits for those given before it in its session, whose runs are held or wait. `sql` is a pool of the worker role.
 */
export function createJournalSource(sql: Sql, options: JournalSourceOptions): RelaySource<JournalRow> {
  const isAnswering = (tenant: string): boolean => options.answering?.has(tenant) ?? false;
  const owner = newId();
  const lanes = createSlowLanes<number>(MAX_HELD);
  let fence = -1;
  let round: Round | undefined;

  /** Only the owner of the lease changes what is held; a new owner begins with what the one before it left. */
  async function takeOver(lease: RelayLease): Promise<void> {
    if (lease.fence === fence) return;
    for (const { lane } of lanes.entries()) lanes.free(lane);
    for (const { runId, seq } of await listHeldRuns(sql)) lanes.hold(runId, seq);
    ({ fence } = lease);
  }

  /** Runs whose letters were decided are held here from now on; nothing of them is read beside that. */
  async function carryOut(lease: RelayLease): Promise<void> {
    // As in settle(): an answer that is lost leaves the table to be read anew.
    fence = -1;
    const decided = await carryOutDecisions(sql, { fence: lease.fence, limit: MAX_HELD - lanes.size });
    for (const { runId, seq } of decided) lanes.hold(runId, seq);
    ({ fence } = lease);
  }

  async function settle({ kept, dead }: Pick<Sent<JournalRow>, "kept" | "dead">): Promise<string[]> {
    if (round === undefined) return [];
    const { to, held, parked, freed } = planSettling(round, { kept, dead: dead.map(({ row }) => row), lanes });
    // One for a place, which is retried whole, or discarded.
    const letters = parked.flatMap((run) => dead.find(({ row }) => isAt(row.position, run)) ?? []);
    const under = fence;
    // What is held here is what the table says only once this has committed.
    fence = -1;
    const changes = held.length + freed.length + letters.length;
    const isOurs =
      changes === 0
        ? await advanceRelay(sql, { fence: under, to })
        : await transaction(sql, {}, async (tx) => {
            if (!(await advanceRelay(tx, { fence: under, to }))) return false;
            await holdRuns(tx, { held: [...held, ...letters.map(toHeld)], freed });
            await keepLetters(tx, letters);
            return true;
          });
    fence = under;
    return isOurs ? letters.map(({ row }) => row.eventId) : [];
  }

  /** Answers that may not leave yet are marked, and kept. */
  async function holdBack(rows: readonly JournalRow[]): Promise<void> {
    const answers = rows.filter(({ type }) => type === ANSWER);
    const here = new Set(answers.map(({ position }) => position.runId));
    const held = lanes.entries().flatMap(({ lane, place }) => (here.has(lane) ? [] : [{ runId: lane, seq: place }]));
    if (answers.length === 0) return;
    const early = await findEarlyAnswers(sql, { answers: answers.map(({ position }) => position), held });
    for (const row of answers) if (early.has(row.position.runId)) row.waits = EARLIER_WAITS;
  }

  return {
    async next() {
      const lease = await claimRelay(sql, { owner, leaseMs: LEASE_MS });
      if (lease === undefined) return { rows: [], full: false };
      await takeOver(lease);
      await carryOut(lease);
      const read = await readUnpublished(sql, { after: lease.position, limit: BATCH });
      const upTo = read.at(-1)?.position ?? lease.position;
      const due = lanes.due().map(({ lane, place }) => ({ runId: lane, seq: place }));
      const again = due.length === 0 ? [] : await readHeld(sql, { runs: due, upTo, limit: PER_HELD_RUN });
      const others = read.filter(({ event }) => !lanes.has(event.runId));
      const parked = await findParkedRuns(sql, { runIds: [...new Set(others.map(({ event }) => event.runId))] });
      const fresh = others.filter(({ event }) => !parked.has(event.runId));
      round = { begin: lease.position, read, due, again, perRun: PER_HELD_RUN };
      const sending = [...again, ...fresh];
      const answering = sending.filter(({ run }) => isAnswering(run.tenant));
      await completeAnswers(sql, { events: answering.map(({ event }) => event) });
      const rows = upToFaults(sending.flatMap((row) => toRows(row, options.currency, isAnswering(row.run.tenant))));
      await holdBack(rows);
      // Nothing to send, and yet something to pass over.
      if (rows.length === 0 && (read.length > 0 || due.length > 0)) await settle({ kept: [], dead: [] });
      return { rows, full: read.length === BATCH };
    },
    settle,
    isOurs: () => isRelayOwned(sql, { owner, fence }),
    measure: () => measure(sql),
    release: () => releaseRelay(sql, { owner }),
    onWritten: (listener) => options.wakeUp?.onAny(listener) ?? (() => {}),
  };
}

type Letter = Sent<JournalRow>["dead"][number];

function isAt({ runId, seq }: RelayPosition, run: HeldRun): boolean {
  return runId === run.runId && seq === run.seq;
}

function toHeld({ row: { position, eventId } }: Letter): HeldRun & { letter: string } {
  return { runId: position.runId, seq: position.seq, letter: eventId };
}

async function keepLetters(tx: Tx, letters: readonly Letter[]): Promise<void> {
  for (const { row, reason } of letters) {
    await insertDeadLetter(tx, { ...row, reason });
    // Its run may have been erased since the row was read; whoever erases it later finds the letter.
    await deleteErasedLetters(tx, { runId: row.position.runId });
  }
}

/**
 * Without what stands behind an event of its run that is known to fit no schema; later answers of a session whose answer
 * stands there wait for it.
 */
function upToFaults(rows: readonly JournalRow[]): JournalRow[] {
  const [runs, sessions] = [new Set<string>(), new Set<string>()];
  return rows.filter((row) => {
    const isStopped = runs.has(row.position.runId);
    if (row.fault !== undefined) runs.add(row.position.runId);
    if (row.type === ANSWER) {
      if (isStopped || row.fault !== undefined) sessions.add(row.record.key);
      else if (sessions.has(row.record.key)) row.waits = EARLIER_WAITS;
    }
    return !isStopped;
  });
}

async function measure(sql: Sql): Promise<Waiting> {
  const { behindS, ...waiting } = await measureUnpublished(sql);
  if (behindS < LONG_WAIT_S) return waiting;
  const open = await findOpenTransaction(sql);
  // Whoever holds events up began before the oldest of them was written.
  return open === undefined ? waiting : { ...waiting, open: { ...open, ageS: open.ageS ?? behindS } };
}

function toRows({ run, used, event, position }: UnpublishedRow, currency: string, isAnswering: boolean): JournalRow[] {
  const trace = headersOf(run);
  return toPublishedEvents({ ...run, usage: { ...used, currency } }, event)
    .filter(({ type }) => type !== ANSWER || isAnswering)
    .map((published): JournalRow => {
      const row = { eventId: published.eventId, tenant: run.tenant, type: published.type, position };
      try {
        return { ...row, record: toRecord({ ...published, tenant: run.tenant, at: event.at, trace }) };
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error);
        return { ...row, record: raw(published, run.tenant), fault };
      }
    });
}

/** An event as it is kept when it does not fit its schema. */
function raw({ type, data, key }: KeyedEvent, tenant: string): JournalRow["record"] {
  return { topic: topicOf(tenant, type), key, headers: {}, value: JSON.stringify(data) };
}
