import type { AgentAuditEvent } from "@soma/schemas/events";
import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { toAuditRow } from "./to-audit-row.ts";

function anEvent(changes: Partial<AgentAuditEvent> = {}): AgentAuditEvent {
  return {
    event_id: newId(),
    category: "security",
    actor: "user:eve",
    subject: "tool:code_run",
    decision: "deny",
    reason: "forged",
    timestamp: "2026-01-01T00:00:00.000Z",
    meta: {},
    ...changes,
  };
}

describe("toAuditRow()", () => {
  it("keeps an event under the tenant it came with, whatever it says itself", () => {
    const event = anEvent({ tenant: "other", policy_version: "v1", trace_id: "abc", meta: { n: 1 } });
    expect(toAuditRow("acme", event)).toEqual({
      tenant: "acme",
      eventId: event.event_id,
      category: "security",
      actor: "user:eve",
      subject: "tool:code_run",
      decision: "deny",
      reason: "forged",
      policyVersion: "v1",
      at: new Date("2026-01-01T00:00:00.000Z"),
      traceId: "abc",
      meta: { n: 1 },
    });
  });

  it("takes an absent version and an absent or empty trace for none", () => {
    expect(toAuditRow("acme", anEvent())).toMatchObject({ policyVersion: null, traceId: null });
    expect(toAuditRow("acme", anEvent({ trace_id: "" })).traceId).toBe(null);
  });

  it("replaces what Postgres cannot keep, in names as in texts", () => {
    expect(toAuditRow("acme", anEvent({ reason: "a\u0000", meta: { "b\ud800": "c\u0000" } }))).toMatchObject({
      reason: "a\ufffd",
      meta: { "b\ufffd": "c\ufffd" },
    });
  });
});
