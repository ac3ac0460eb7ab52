import { describe, expect, it } from "vitest";
import { createLog } from "../log.ts";
import { chooseBus } from "./choose-bus.ts";

const log = createLog({ level: "silent", service: "test" });

describe("chooseBus()", () => {
  it("gives a local bus to a process with every part, and none to one that holds its events", async () => {
    const bus = chooseBus({ env: { SOMA_EVENT_BUS: "local" }, log, hasEveryPart: true });
    expect(await bus?.publish([])).toEqual([]);
    for (const hasEveryPart of [true, false])
      expect(chooseBus({ env: { SOMA_EVENT_BUS: "hold" }, log, hasEveryPart })).toBeUndefined();
  });

  it("refuses a local bus nobody listens on, and says what to do", () => {
    expect(() => chooseBus({ env: { SOMA_EVENT_BUS: "local" }, log, hasEveryPart: false })).toThrow(
      /SOMA_EVENT_BUS: "local" reaches only this process.*set it to hold.*npm start/s,
    );
  });

  it("reaches for Kafka only with what it needs, and connects to nobody before it is used", async () => {
    const kafka = { SOMA_EVENT_BUS: "kafka" };
    expect(() => chooseBus({ env: kafka, log, hasEveryPart: false })).toThrow(/SOMA_KAFKA_BROKERS is not set/);
    const bus = chooseBus({ env: { ...kafka, SOMA_KAFKA_BROKERS: "127.0.0.1:1" }, log, hasEveryPart: false });
    await bus?.close();
    expect(await bus?.publish([])).toEqual([]);
  });

  it("asks for the setting, and for one of its values", () => {
    expect(() => chooseBus({ env: {}, log, hasEveryPart: false })).toThrow(/SOMA_EVENT_BUS is not set/);
    expect(() => chooseBus({ env: { SOMA_EVENT_BUS: "carrier pigeon" }, log, hasEveryPart: true })).toThrow(
      /not one of local, kafka, hold/,
    );
  });
});
