import { describe, expect, it } from "vitest";
import { chooseBus } from "./choose-bus.ts";

describe("chooseBus()", () => {
  it("gives a local bus to a process with every part, and none to one that holds its events", async () => {
    const bus = chooseBus({ env: { SOMA_EVENT_BUS: "local" }, hasEveryPart: true });
    expect(await bus?.publish([])).toEqual([]);
    for (const hasEveryPart of [true, false])
      expect(chooseBus({ env: { SOMA_EVENT_BUS: "hold" }, hasEveryPart })).toBeUndefined();
  });

  it("refuses a local bus nobody listens on, and says what to do", () => {
    expect(() => chooseBus({ env: { SOMA_EVENT_BUS: "local" }, hasEveryPart: false })).toThrow(
      /SOMA_EVENT_BUS: "local" reaches only this process.*set it to hold.*npm start/s,
    );
  });

  it("asks for the setting, and for one of its values", () => {
    expect(() => chooseBus({ env: {}, hasEveryPart: false })).toThrow(/SOMA_EVENT_BUS is not set/);
    expect(() => chooseBus({ env: { SOMA_EVENT_BUS: "carrier pigeon" }, hasEveryPart: true })).toThrow(
      /not one of local, hold/,
    );
  });
});
