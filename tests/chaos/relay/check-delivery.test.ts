import { describe, expect, it } from "vitest";
import { type Committed, checkDelivery, faultsOf, type History } from "./check-delivery.ts";

const anEvent = (id: string, place: number, rest: Partial<Committed> = {}): Committed => ({
  id,
  key: "k",
  place,
  outcome: "committed",
  ...rest,
});

const sentAt = (ids: readonly string[], from = 0) => ids.map((id, at) => ({ id, at: from + at }));

/** Three events of a key that came as they should. */
function aHistory(changed: Partial<History> = {}): History {
  return {
    committed: [anEvent("a", 1), anEvent("b", 2), anEvent("c", 3)],
    sent: sentAt(["a", "b", "c"]),
    consumed: ["a", "b", "c"],
    setAside: [],
    faults: [],
    ...changed,
  };
}

const GOOD = { lost: [], invented: [], disordered: [], repeated: [], handledTwice: [] };

describe("checkDelivery()", () => {
  it("finds nothing in a history where each event came once and in its place", () => {
    expect(checkDelivery(aHistory())).toEqual(GOOD);
    expect(faultsOf(checkDelivery(aHistory()), { repeats: 0 })).toEqual([]);
  });

  it("finds what was lost, and tells where it was seen last", () => {
    expect(checkDelivery(aHistory({ sent: sentAt(["a", "c"]), consumed: ["a", "c"] })).lost).toEqual([
      { id: "b", lastSeen: "outbox" },
    ]);
    expect(checkDelivery(aHistory({ consumed: ["a", "b"] })).lost).toEqual([{ id: "c", lastSeen: "bus" }]);
  });

  it("finds a sound event that was set aside, and poison that was not", () => {
    const aside = aHistory({ sent: sentAt(["a", "b"]), consumed: ["a", "b"], setAside: ["c"] });
    expect(checkDelivery(aside).lost).toEqual([{ id: "c", lastSeen: "dead letters" }]);
    const committed = [anEvent("a", 1, { isPoison: true }), anEvent("b", 2), anEvent("c", 3)];
    expect(checkDelivery({ ...aHistory(), committed, consumed: ["b", "c"] }).lost).toEqual([
      { id: "a", lastSeen: "bus" },
    ]);
    expect(checkDelivery({ ...aHistory(), committed, consumed: ["b", "c"], setAside: ["a"] })).toEqual(GOOD);
  });

  it("takes a commit without an answer for one that may have happened, or not", () => {
    const committed = [anEvent("a", 1), anEvent("b", 2, { outcome: "unknown" }), anEvent("c", 3)];
    expect(checkDelivery(aHistory({ committed }))).toEqual(GOOD);
    expect(checkDelivery(aHistory({ committed, sent: sentAt(["a", "c"]), consumed: ["a", "c"] }))).toEqual(GOOD);
    // Once it is on the bus it has happened.
    expect(checkDelivery(aHistory({ committed, consumed: ["a", "c"] })).lost).toEqual([{ id: "b", lastSeen: "bus" }]);
  });

  it("finds what nobody wrote, and what came of a transaction that was taken back", () => {
    const committed = [anEvent("a", 1), anEvent("b", 2, { outcome: "refused" }), anEvent("c", 3)];
    expect(checkDelivery(aHistory({ committed })).invented).toEqual(["b"]);
    expect(checkDelivery(aHistory({ committed: committed.toSpliced(1, 1) })).invented).toEqual(["b"]);
    expect(checkDelivery(aHistory({ committed, sent: sentAt(["a", "c"]), consumed: ["a", "c"] }))).toEqual(GOOD);
  });

  it("finds an event that came after a later one of its key, and not after one of another key", () => {
    const swapped = { sent: sentAt(["b", "a", "c"]), consumed: ["b", "a", "c"] };
    expect(checkDelivery(aHistory(swapped)).disordered).toEqual([
      { id: "a", where: "bus" },
      { id: "a", where: "consumer" },
    ]);
    const committed = [anEvent("a", 1), anEvent("b", 2, { key: "other" }), anEvent("c", 3)];
    expect(checkDelivery(aHistory({ committed, ...swapped }))).toEqual(GOOD);
    expect(checkDelivery(aHistory({ consumed: ["a", "c", "b"] })).disordered).toEqual([{ id: "b", where: "consumer" }]);
  });

  it("tells of each fault how much was sent again after it, whatever had come in between", () => {
    const sent = [...sentAt(["a", "b"]), ...sentAt(["a", "b", "c"], 10), ...sentAt(["b"], 20)];
    const faults = [
      { name: "second", at: 15 },
      { name: "first", at: 5 },
      { name: "harmless", at: 30 },
    ];
    const verdict = checkDelivery(aHistory({ sent, faults }));
    expect(verdict).toEqual({
      ...GOOD,
      repeated: [
        { fault: "first", records: 2 },
        { fault: "second", records: 1 },
        { fault: "harmless", records: 0 },
      ],
    });
    expect(faultsOf(verdict, { repeats: 2 })).toEqual([]);
    expect(faultsOf(verdict, { repeats: 1 })).toEqual(["2 sent again after first"]);
  });

  it("allows no repeat before every fault", () => {
    const sent = sentAt(["a", "a", "b", "c"]);
    const verdict = checkDelivery(aHistory({ sent, faults: [{ name: "late", at: 9 }] }));
    expect(verdict.repeated).toEqual([
      { fault: "no fault", records: 1 },
      { fault: "late", records: 0 },
    ]);
    expect(faultsOf(verdict, { repeats: 100 })).toEqual(["1 sent again after no fault"]);
  });

  it("finds what a consumer handled twice, once each", () => {
    const verdict = checkDelivery(aHistory({ consumed: ["a", "b", "b", "b", "c"] }));
    expect(verdict.handledTwice).toEqual(["b"]);
    expect(faultsOf(verdict, { repeats: 0 })).toEqual(['1 handled twice, as "b"']);
  });
});
