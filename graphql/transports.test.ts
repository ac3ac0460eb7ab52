import { expect, test } from "vitest";
import { createTransports, type Transport } from "./transports.ts";

/** Ways that are tried one after the other, where these are refused. */
function tried(times: number, refused: readonly Transport[], transports = createTransports()): Transport[] {
  return Array.from({ length: times }, () => {
    const next = transports.next();
    if (refused.includes(next)) transports.failed(next);
    else transports.opened(next);
    return next;
  });
}

test("createTransports() takes SSE when three WebSockets in a row could not be opened", () => {
  expect(tried(4, ["WEBSOCKET"])).toEqual(["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE"]);
});

test("createTransports() takes WebSockets again when neither could be opened, as while the server is away", () => {
  const ways = ["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE"];
  expect(tried(8, ["WEBSOCKET", "SSE"])).toEqual([...ways, ...ways]);
});

test("createTransports() tries one WebSocket after each loss, once SSE has worked, and stays with what works again", () => {
  const transports = createTransports();
  tried(4, ["WEBSOCKET"], transports);
  expect(tried(4, ["WEBSOCKET"], transports)).toEqual(["WEBSOCKET", "SSE", "WEBSOCKET", "SSE"]);
  expect(tried(2, [], transports)).toEqual(["WEBSOCKET", "WEBSOCKET"]);
  expect(tried(4, ["WEBSOCKET"], transports).at(-1)).toBe("SSE");
});
