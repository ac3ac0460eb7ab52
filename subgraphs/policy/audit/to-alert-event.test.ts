import { describe, expect, it } from "vitest";
import { parseFalcoAlert } from "../domain/falco-alert.ts";
import { aFalcoAlert } from "../testing/falco.ts";
import { toAlertEvent } from "./to-alert-event.ts";

const at = new Date("2026-11-28T04:12:00.000Z");
const eventOf = (changes = {}, digest = "d1", tenant = "ops") =>
  toAlertEvent({ tenant, alert: parseFalcoAlert(aFalcoAlert(changes)), digest, at });

describe("toAlertEvent()", () => {
  it("is an event of security about the container, of our own time", () => {
    expect(eventOf()).toMatchObject({
      category: "security",
      actor: "falco",
      subject: "container:6d1a4a7c0f2e",
      decision: "alert",
      reason: "Soma starts another program",
      timestamp: at.toISOString(),
      tenant: "ops",
      meta: { priority: "critical", hostname: "node-3", time: "2026-11-28T04:11:09.482913021Z" },
    });
  });

  it.each([{}, { "container.id": "host" }, { "container.id": "" }, { "container.id": 7 }])(
    "is about the node where no container is told: %j",
    (fields) => {
      expect(eventOf({ output_fields: fields }).subject).toBe("host:node-3");
    },
  );

  it("has the same id for the same message of a tenant, and another one for another", () => {
    expect(eventOf().event_id).toBe(eventOf().event_id);
    expect(new Set([eventOf(), eventOf({}, "d2"), eventOf({}, "d1", "acme")].map((each) => each.event_id)).size).toBe(
      3,
    );
  });
});
