import { describe, expect, it } from "vitest";
import { SomaError } from "../errors.ts";
import { aRecord, eventBusContract } from "./event-bus.contract.ts";
import { createLocalBus } from "./local-bus.ts";

describe("createLocalBus()", () => {
  eventBusContract(async () => createLocalBus());

  it("says which record no consumer can read, and still gives it to the other groups", async () => {
    const bus = createLocalBus();
    let others = 0;
    await bus.subscribe({ group: "a", type: "agent.audit.v1" }, async () => {
      throw new SomaError("EVENT_INVALID", "not of its schema");
    });
    await bus.subscribe({ group: "b", type: "agent.audit.v1" }, async () => {
      others += 1;
    });
    expect(await bus.publish([aRecord("unreadable")])).toEqual([
      { ok: false, kind: "poison", reason: "not of its schema" },
    ]);
    expect(others).toBe(1);
  });
});
