import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import type { JsonObject } from "@soma/schemas/json";
import { validateForPublish } from "@soma/schemas/validate";
import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { keyOfMessage, toAnswerEvent, toPublishedEvents } from "./answer-event.ts";
import type { HistoryEvent } from "./history.ts";
import type { RunFacts } from "./published-events.ts";

const runId = newId("Run");
const sessionId = newId("Session");
const facts: RunFacts = {
  tenant: "acme",
  sessionId,
  graph: "assistant",
  graphVersion: 1,
  modelProfile: "default",
  role: "assistant",
  createdAt: new Date(),
  startedAt: new Date(),
  traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  requestId: "req-7",
  parentRunId: null,
};
const ended = (payload: JsonObject, kind: HistoryEvent["kind"] = "RUN_SUCCEEDED", seq = 9): HistoryEvent => ({
  runId,
  seq,
  at: new Date(),
  kind,
  step: 0,
  node: null,
  nodeType: null,
  attempt: 0,
  payload,
  payloadHash: "",
  hash: "",
});

describe("toAnswerEvent()", () => {
  it("tells what the assistant said, in its session and of its run, as its schema has it", () => {
    const answer = toAnswerEvent(facts, ended({ answer: "Two are overdue." }));
    expect(answer).toMatchObject({
      session_id: sessionId,
      role: "assistant",
      message: "Two are overdue.",
      metadata: { run_id: runId },
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      request_id: "req-7",
      tenant: "acme",
    });
    expect(validateForPublish("conversation.event.v1", answer)).toEqual([]);
  });

  it("names the message that it answers, when one on the bus has started its run", () => {
    const eventId = newId();
    const answer = toAnswerEvent({ ...facts, idemKey: keyOfMessage(eventId) }, ended({ answer: "yes" }));
    expect(answer?.metadata).toEqual({ run_id: runId, in_reply_to: eventId });
    const other = toAnswerEvent({ ...facts, idemKey: "a key of the API" }, ended({ answer: "yes" }));
    expect(other?.metadata).toEqual({ run_id: runId });
  });

  it("is one event for one place in the history, and another one for an answer after a rollback", () => {
    const idOf = (seq: number) => toAnswerEvent(facts, ended({ answer: "yes" }, "RUN_SUCCEEDED", seq))?.event_id;
    expect(idOf(9)).toBe(idOf(9));
    expect(idOf(9)).not.toBe(idOf(19));
  });

  it.each([
    ["has no answer", facts, ended({ answer: null })],
    ["says nothing", facts, ended({ answer: "" })],
    ["was erased", facts, ended(ERASED_PAYLOAD)],
    ["failed", facts, ended({ error: { code: "TIMEOUT", message: "late" } }, "RUN_FAILED")],
    ["was started by another run", { ...facts, parentRunId: newId("Run") }, ended({ answer: "yes" })],
  ])("is nothing of a run that %s", (_name, run, event) => {
    expect(toAnswerEvent(run, event)).toBeUndefined();
  });

  it("cuts an answer that no event has room for, between characters, and says so", () => {
    const answer = toAnswerEvent(facts, ended({ answer: `x${"ä".repeat(100_000)}` }));
    expect(answer?.message).toBe(`x${"ä".repeat(99_999)}`);
    expect(answer?.metadata).toEqual({ run_id: runId, cut: true });
    expect(validateForPublish("conversation.event.v1", answer)).toEqual([]);
  });
});

describe("toPublishedEvents()", () => {
  it("gives the event of a run that ended and its answer, each with a key and an id of its own", () => {
    const events = toPublishedEvents(facts, ended({ answer: "yes" }));
    expect(events.map(({ type, key }) => [type, key])).toEqual([
      ["agent.runs.v1", runId],
      ["conversation.event.v1", sessionId],
    ]);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(2);
  });

  it("gives one event of what is no answer, and none of what is only history", () => {
    expect(toPublishedEvents(facts, ended({}, "RUN_PAUSED")).map(({ type }) => type)).toEqual(["agent.runs.v1"]);
    expect(toPublishedEvents(facts, ended({}, "RUN_PARKED"))).toEqual([]);
  });
});
