import type { ConversationEvent } from "@soma/schemas/events";
import { payloadOf } from "@soma/schemas/run-history";
import { derivedId } from "@soma/shared/ids";
import { clip } from "@soma/shared/json";
import type { HistoryEvent } from "./history.ts";
import { type PublishedEvent, type RunFacts, toPublishedEvent, traceIdOf } from "./published-events.ts";

/** Of an answer so much is published: what its schema takes, and a broker in one record. */
const MAX_ANSWER_BYTES = 200_000;
/** Begins the keys of runs that a message on the bus has started. */
const MESSAGE_KEY = "conversation.event.v1/";

/** Key under which the message of an event starts its run, once. */
export function keyOfMessage(eventId: string): string {
  return MESSAGE_KEY + eventId;
}

/**
 * What the assistant said by an event of a run, to whoever talks with it over the bus; undefined when it said nothing. What
 * runs answer that a run has started is heard by that one. Its event id is made of the place in the journal: however often it
 * is published, it is one event.
 */
export function toAnswerEvent(run: RunFacts, event: HistoryEvent): ConversationEvent | undefined {
  if (event.kind !== "RUN_SUCCEEDED" || run.parentRunId !== null) return undefined;
  const { answer } = payloadOf("RUN_SUCCEEDED", event.payload);
  if (answer === null || answer === "") return undefined;
  const message = clip(answer, MAX_ANSWER_BYTES);
  return {
    event_id: derivedId("Other", event.runId, event.seq, "answer"),
    session_id: run.sessionId,
    role: "assistant",
    message,
    attachments: [],
    metadata: {
      run_id: event.runId,
      ...(run.idemKey?.startsWith(MESSAGE_KEY) === true ? { in_reply_to: run.idemKey.slice(MESSAGE_KEY.length) } : {}),
      ...(message === answer ? {} : { cut: true }),
    },
    trace_id: traceIdOf(run.traceParent),
    span_id: "",
    request_id: run.requestId,
    tenant: run.tenant,
  };
}

/** A record of a journal row: its event, under the id and the key that it has however often it is published. */
export type KeyedEvent = { eventId: string; key: string } & (
  | PublishedEvent
  | { type: "conversation.event.v1"; data: ConversationEvent }
);

/** What a journal row is to the outside: an event of its run, and where it answers, one of its session. */
export function toPublishedEvents(run: RunFacts, event: HistoryEvent): KeyedEvent[] {
  const published = toPublishedEvent(run, event);
  const answer = toAnswerEvent(run, event);
  return [
    ...(published === undefined
      ? []
      : [{ ...published, eventId: derivedId("Other", event.runId, event.seq), key: event.runId }]),
    ...(answer === undefined
      ? []
      : [{ type: "conversation.event.v1" as const, data: answer, eventId: answer.event_id, key: run.sessionId }]),
  ];
}
