import { toRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import { insertOutboxRow } from "@soma/shared/outbox/store/insert-outbox-row";
import { connect, type Tx } from "@soma/shared/postgres/connect";
import { stopAtOnce } from "../../crash-matrix/ways.ts";
import { whenWritten } from "./strike.ts";
import type { Trial } from "./trial.ts";
import { type Emitted, TYPE } from "./writer.ts";

const BEHIND = 20;
/** A broker takes a megabyte unless it is told otherwise. */
const TOO_MANY_BYTES = 2_000_000;

/** The first event of a key is one that no consumer can read, as of a program that checks nothing. */
export const setAsideUnreadable = (trial: Trial, events: number): Promise<void> =>
  setAside(trial, events, async (tx, { tenant, key, data }) => {
    const eventId = newId();
    const record = toRecord({ type: TYPE, tenant, key, data, eventId, at: new Date() });
    const value = JSON.stringify({ event_id: data.event_id });
    await insertOutboxRow(tx, { tenant, eventId, type: TYPE, record: { ...record, value } });
  });

/** The first event of a key is larger than the broker takes. */
export const setAsideOversize = (trial: Trial, events: number): Promise<void> =>
  setAside(trial, events, (tx, { data, ...event }) =>
    emit(tx, { type: TYPE, ...event, data: { ...data, meta: { text: "x".repeat(TOO_MANY_BYTES) } } }),
  );

/** Poison stands at the head of one key and in the middle of another, with sound events behind both. */
async function setAside(
  trial: Trial,
  events: number,
  emitPoison: (tx: Tx, event: Emitted) => Promise<void>,
): Promise<void> {
  const { writer } = trial;
  await writer.writeOne("poisoned", { isPoison: true, emit: emitPoison });
  for (let i = 0; i < BEHIND; i += 1) await writer.writeOne("poisoned");
  trial.startRelay();
  await writer.write(events / 2);
  await writer.writeOne("key-0", { isPoison: true, emit: emitPoison });
  await writer.write(events / 2);
  await trial.drain();
}

/** Whoever writes, the relay and the consumer all lose the database at once, under load. */
export async function breakDatabase(trial: Trial, events: number): Promise<void> {
  trial.startRelay();
  const writing = trial.writer.write(events);
  for (const part of [1 / 4, 1 / 2]) {
    await whenWritten(trial, events * part);
    await stopAtOnce(trial.database.owner);
    trial.note("stop of PostgreSQL");
  }
  await writing;
  await trial.drain();
}

/** A transaction that has written stays open while everything else leaves; what it wrote has lower numbers. */
export async function holdTransaction(trial: Trial, events: number): Promise<void> {
  const { urls, schema } = trial.database;
  const parameters = { idle_in_transaction_session_timeout: "0" };
  const sql = connect({ url: urls.request, schema, applicationName: "chaos-long", max: 1, parameters });
  const { promise: release, resolve } = Promise.withResolvers<void>();
  trial.startRelay();
  const held = trial.writer.writeOne("held", { sql, release });
  try {
    await trial.writer.write(events);
    await trial.drain();
  } finally {
    resolve();
    await held;
    await sql.end({ timeout: 2 });
  }
  await trial.writer.writeOne("held");
  await trial.drain();
}
