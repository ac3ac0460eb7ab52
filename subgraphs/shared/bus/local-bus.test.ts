import { describe, expect, it } from "vitest";
import { aRecord, eventBusContract } from "./event-bus.contract.ts";
import { createLocalBus } from "./local-bus.ts";

describe("createLocalBus()", () => {
  eventBusContract(async () => createLocalBus());

  it("takes nothing once it is closed, so that the outbox keeps it", async () => {
    const bus = createLocalBus();
    await bus.close();
    expect(await bus.publish([aRecord("late")])).toEqual([
      { ok: false, kind: "retriable", reason: "the bus is closed" },
    ]);
  });

  it("refuses a second consumer of the same group and type", async () => {
    const bus = createLocalBus();
    await bus.subscribe({ group: "g", type: "agent.audit.v1" }, async () => {});
    await expect(bus.subscribe({ group: "g", type: "agent.audit.v1" }, async () => {})).rejects.toThrow(
      /already consumes/,
    );
  });
});
