import { describe, expect, it } from "vitest";
import { type AuditSeal, detailsText, leafText, NO_SEAL, type SealedEvent, sealText } from "./sealed-event.ts";

const event: SealedEvent = {
  tenant: "acme",
  seq: 1,
  eventId: "01990000-0000-7000-8000-000000000001",
  category: "policy",
  decision: "allow",
  policyVersion: null,
  at: "2026-01-01T00:00:00.000Z",
  traceId: null,
  detailsDigest: "d",
  salt: "s",
  details: { actor: "user:ada", subject: "tool:clock", reason: "r", meta: { b: 1, a: 2 } },
};

describe("leafText()", () => {
  it("is the same with and without what can be erased, and another one for each field of the leaf", () => {
    const text = leafText(event);
    expect(leafText({ ...event, salt: "", details: null } as SealedEvent)).toBe(text);
    const { salt: _salt, details: _details, ...leaf } = event;
    const texts = Object.keys(leaf).map((field) => leafText({ ...event, [field]: "other" }));
    expect(new Set([text, ...texts]).size).toBe(Object.keys(leaf).length + 1);
  });
});

describe("detailsText()", () => {
  it("has the salt before canonical JSON, whatever the order of the names", () => {
    expect(detailsText("00", event.details as NonNullable<SealedEvent["details"]>)).toBe(
      '00\n{"actor":"user:ada","meta":{"a":2,"b":1},"reason":"r","subject":"tool:clock"}',
    );
  });
});

describe("sealText()", () => {
  it("begins with a line of its own and is another one for each field", () => {
    const seal: AuditSeal = {
      tenant: "acme",
      number: 1,
      firstSeq: 1,
      size: 2,
      head: "h",
      previous: NO_SEAL,
      at: "2026-01-01T00:00:00.000Z",
      keyId: null,
    };
    expect(sealText(seal)).toMatch(/^soma-audit-seal 1\n\{"at":/);
    const texts = Object.keys(seal).map((field) => sealText({ ...seal, [field]: "other" }));
    expect(new Set([sealText(seal), ...texts]).size).toBe(Object.keys(seal).length + 1);
  });
});
