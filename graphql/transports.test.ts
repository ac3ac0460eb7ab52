import { expect, test } from "vitest";
import { createTransports, type Transport } from "./transports.ts";

/** Ways that are tried one after the other, where these are refused. */
function tried(
  times: number,
  refused: readonly Transport[],
  { isThere = true, transports = createTransports() } = {},
): Transport[] {
  return Array.from({ length: times }, () => {
    const next = transports.next();
    if (refused.includes(next)) transports.failed(next, isThere);
    else transports.opened(next);
    return next;
  });
}

test("createTransports() takes SSE when three WebSockets in a row could not be opened", () => {
  expect(tried(4, ["WEBSOCKET"])).toEqual(["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE"]);
});

test("createTransports() takes WebSockets again when neither could be opened, as while the server is away", () => {
  const ways = ["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE"];
  expect(tried(8, ["WEBSOCKET", "SSE"], { isThere: false })).toEqual([...ways, ...ways]);
});

test("createTransports() tries one WebSocket after each loss, once SSE has worked, and stays with what works again", () => {
  const transports = createTransports();
  tried(4, ["WEBSOCKET"], { transports });
  expect(tried(4, ["WEBSOCKET"], { transports })).toEqual(["WEBSOCKET", "SSE", "WEBSOCKET", "SSE"]);
  expect(tried(2, [], { transports })).toEqual(["WEBSOCKET", "WEBSOCKET"]);
  expect(tried(4, ["WEBSOCKET"], { transports }).at(-1)).toBe("SSE");
});

test("createTransports() takes questions when something is there that refuses both, and tries both again after each loss", () => {
  const transports = createTransports();
  const ways = tried(5, ["WEBSOCKET", "SSE"], { transports });
  expect(ways).toEqual(["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE", "POLLING"]);
  expect(tried(3, ["WEBSOCKET", "SSE"], { transports })).toEqual(["WEBSOCKET", "SSE", "POLLING"]);
  expect(tried(2, ["WEBSOCKET"], { transports })).toEqual(["WEBSOCKET", "SSE"]);
});

test("createTransports() begins anew when questions fail as well", () => {
  const all = ["WEBSOCKET", "SSE", "POLLING"] as const;
  expect(tried(6, all)).toEqual(["WEBSOCKET", "WEBSOCKET", "WEBSOCKET", "SSE", "POLLING", "WEBSOCKET"]);
});
