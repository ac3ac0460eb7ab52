import { expect, test } from "vitest";
import { conversationOf, FIRST_SEAT, nextSeat } from "./seat.ts";

test("nextSeat() is another one for each conversation, and the same while it is not known which one it is", () => {
  const first = nextSeat(FIRST_SEAT, "a", undefined);
  expect(first).toEqual({ key: 0, conversation: "a" });
  expect([nextSeat(first, "a", undefined), nextSeat(first, undefined, undefined)]).toEqual([first, first]);
  expect(nextSeat(first, "b", undefined)).toEqual({ key: 1, conversation: "b" });
});

test("nextSeat() stays that of a new conversation when its own first message has begun a session, and no other", () => {
  const fresh = nextSeat({ key: 3, conversation: "a" }, conversationOf({ kind: "new" }, undefined), undefined);
  expect(fresh.key).toBe(4);
  expect(nextSeat(fresh, "b", { seat: 4, sessionId: "b" })).toEqual({ key: 4, conversation: "b" });
  expect(nextSeat(fresh, "b", { seat: 4, sessionId: "c" }).key).toBe(5);
  expect(nextSeat(fresh, "b", { seat: 2, sessionId: "b" }).key).toBe(5);
  expect(nextSeat(fresh, conversationOf({ kind: "session", id: "b" }, "b"), undefined).key).toBe(5);
});
