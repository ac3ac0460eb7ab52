import { describe, expect, it } from "vitest";
import { toDeadRecord } from "./dead-record.ts";
import { aRecord } from "./event-bus.contract.ts";

describe("toDeadRecord()", () => {
  const record = aRecord("one");

  it("keeps a record as it came beside its topic, with where from and why, at some length", () => {
    expect(toDeadRecord(record, "x".repeat(2_000))).toEqual({
      ...record,
      topic: "soma.acme.agent.audit.v1.dlq",
      headers: {
        ...record.headers,
        "soma-dead-topic": "soma.acme.agent.audit.v1",
        "soma-dead-reason": "x".repeat(1_024),
      },
    });
  });

  it("leaves out what no broker takes, and says how much it was", () => {
    const { value, headers } = toDeadRecord({ ...record, value: "ü".repeat(500_000) }, "too large");
    expect([value, headers["soma-dead-bytes"], headers.ce_id]).toEqual(["", "1000000", record.headers.ce_id]);
  });
});
