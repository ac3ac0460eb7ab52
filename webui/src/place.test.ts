import { expect, test } from "vitest";
import { isChatView, readyPath, runChatPath, runPath, sessionPath, toPlace } from "./place.ts";

test.each([
  ["/", { kind: "new" }],
  ["", { kind: "new" }],
  ["/chat", { kind: "new" }],
  ["/agents", { kind: "agents" }],
  ["/agents/refund_2", { kind: "agent", name: "refund_2" }],
  ["/agents/a/b", { kind: "nowhere" }],
  ["/api/", { kind: "api" }],
  ["/chat/0192-a", { kind: "session", id: "0192-a" }],
  ["/sessions/0192-a", { kind: "session", id: "0192-a" }],
  ["/sessions/0192-a/", { kind: "session", id: "0192-a" }],
  ["/runs/0192-a", { kind: "run", id: "0192-a" }],
  ["/runs", { kind: "runs" }],
  ["/runs/", { kind: "runs" }],
  ["/runs/a/b", { kind: "nowhere" }],
  ["/runs/%2e%2e", { kind: "nowhere" }],
  ["/settings", { kind: "nowhere" }],
])("toPlace() of %j is %j", (path, expected) => {
  expect(toPlace(path)).toEqual(expected);
});

test("toPlace() reads what sessionPath() and runPath() write", () => {
  expect(toPlace(sessionPath("a.1"))).toEqual({ kind: "session", id: "a.1" });
  expect(toPlace(runPath("a.1"))).toEqual({ kind: "run", id: "a.1" });
});

test("toPlace() takes what readyPath() writes for a new conversation", () => {
  const path = readyPath({ text: "a & b", role: "reader", model: "" });
  expect(path).toBe("/chat?text=a+%26+b&role=reader&model=");
  expect(toPlace(new URL(path, "http://x").pathname)).toEqual({ kind: "new" });
});

test("isChatView() is true of the conversation of a run alone", () => {
  expect(isChatView(runChatPath("a.1").slice(runPath("a.1").length))).toBe(true);
  expect(isChatView("?step=2")).toBe(false);
});
