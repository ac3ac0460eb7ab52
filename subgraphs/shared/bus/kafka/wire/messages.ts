import type { EventRecord } from "../../event-record.ts";
import type { WireRecord } from "./encode-record.ts";

/** Tells a message of ours from those of who uses the client directly, which may have what our encoder does not know. */
const OURS = Symbol("encoded by us");

export interface OwnMessage extends WireRecord {
  [OURS]: true;
}

export const toOwnMessage = ({ key, value, headers }: EventRecord): OwnMessage => ({
  key,
  value,
  headers,
  [OURS]: true,
});

export const isOwnMessage = (message: object | undefined): boolean => message !== undefined && OURS in message;

type Groups = Record<string, OwnMessage[]>;

/**
 * The client parts messages by `reduce`, each added to a copy of those before it: of a thousand it makes half a million copies.
 * Here each is added to nothing by what the client gives, and then to those before it in place.
 */
export class OwnMessages extends Array<OwnMessage> {
  override reduce<U>(add: (before: U, message: OwnMessage, at: number, all: OwnMessage[]) => U, start?: U): U {
    const groups: Groups = {};
    this.forEach((message, at) => {
      for (const [partition, group] of Object.entries(add({} as U, message, at, this) as Groups)) {
        groups[partition] ??= [];
        groups[partition].push(...group);
      }
    });
    return { ...start, ...groups } as U;
  }
}

export function toOwnMessages(records: readonly EventRecord[]): OwnMessages {
  const messages = new OwnMessages();
  for (const record of records) messages.push(toOwnMessage(record));
  return messages;
}
