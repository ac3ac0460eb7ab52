import type { EventType, EventTypes } from "@soma/schemas/events";
import { toRecord } from "../bus/event-record.ts";
import { newId } from "../ids.ts";
import { afterCommit } from "../postgres/after-commit.ts";
import type { Tx } from "../postgres/connect.ts";
import { tellEmitted } from "./emitted.ts";
import { insertOutboxRow } from "./store/insert-outbox-row.ts";

export interface EmitParams<T extends EventType> {
  type: T;
  tenant: string;
  /** Events of one key keep their order. Lock or update the key's own row before emitting. */
  key: string;
  data: EventTypes[T];
}

/**
 * Writes an event into the outbox of the transaction. An event that does not fit its schema throws, and so takes the
 * whole transaction back: what was never said was never done.
 */
export async function emit<T extends EventType>(tx: Tx, params: EmitParams<T>): Promise<void> {
  const eventId = newId();
  const record = toRecord({ ...params, eventId, at: new Date() });
  await insertOutboxRow(tx, { tenant: params.tenant, eventId, type: params.type, record });
  afterCommit(tx, tellEmitted);
}
