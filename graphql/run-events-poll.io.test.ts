import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FollowState } from "./follow-state.ts";
// Followers wait for neither longer than they wait anyway.
import "./poll-frames.ts";
import { type FollowRunParams, followRun, type RunEvent } from "./run-events.ts";
import "./sse-frames.ts";
import { batch, makeHistory, RUN_ID } from "./testing/run-server.ts";

/** What the server knows when it is asked for the so-manieth time: events, how many it tells at most, and whether it has ended. */
interface Known {
  head: number;
  told: number;
  ended: boolean;
}

describe("followRun(), where neither WebSockets nor answers that go on are let through", () => {
  let history: RunEvent[];
  let server: Server;
  let states: FollowState[] = [];
  let tokens: unknown[] = [];
  let cursors: number[] = [];
  beforeAll(async () => {
    history = await makeHistory(40);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** An answer to each question, in turn; a word is told in place of one. */
  async function follow(
    answers: readonly (Known | string)[],
    params: Partial<FollowRunParams> = {},
  ): Promise<RunEvent[]> {
    [states, tokens, cursors] = [[], [], []];
    server = createServer(async (request, response) => {
      const { afterSeq } = await variablesOf(request);
      if (request.headers.accept === "text/event-stream") return void response.writeHead(403).end();
      tokens.push(request.headers.authorization);
      cursors.push(afterSeq);
      const known = answers[cursors.length - 1];
      if (known === "silence") return;
      response.end(typeof known === "object" ? JSON.stringify({ data: dataOf(known, afterSeq) }) : known);
    });
    server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    const onState = (state: FollowState): void => void states.push(state);
    const waits = { backoffMs: 4, staleMs: 500, pollMs: 20 };
    return Array.fromAsync(followRun({ url, runId: RUN_ID, afterSeq: 0, ...waits, onState, ...params }));
  }

  function dataOf({ head, told, ended }: Known, afterSeq: number) {
    const events = history.slice(afterSeq, Math.min(head, afterSeq + told));
    const page = { ...batch(events), firstSeq: afterSeq + 1, lastSeq: afterSeq + events.length };
    const prevHash = history[afterSeq - 1]?.hash ?? "0".repeat(64);
    const run = { id: RUN_ID, status: ended ? "SUCCEEDED" : "RUNNING", headSeq: head };
    return { run, runEventsPage: { ...page, prevHash } };
  }

  it("asks for one page after another until the end is confirmed, and says so", async () => {
    const going = { head: 30, told: 20, ended: false };
    const ended = { head: 40, told: 20, ended: true };
    const seen = await follow([going, going, going, ended, ended], { token: "tok" });
    expect(seen).toEqual(history);
    expect([cursors, new Set(tokens)]).toEqual([[0, 20, 30, 30, 40], new Set(["Bearer tok"])]);
    expect(states.at(-1)).toMatchObject({ phase: "ENDED", received: 40, head: 40, transport: "POLLING" });
    expect(states.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["CATCHING_UP", "LIVE", "QUIET"]));
  });

  it("goes on after the last event when one question fails or is not answered, and tries the other ways first", async () => {
    const going = { head: 10, told: 10, ended: false };
    const ended = { head: 40, told: 40, ended: true };
    const seen = await follow([going, "<h1>Bad gateway</h1>", going, "silence", ended, ended]);
    expect(seen).toEqual(history);
    expect(cursors).toEqual([0, 10, 10, 10, 10, 40]);
    expect(states.map(({ phase }) => phase)).toContain("STALE");
  });

  it("ends with what the server refuses for good", async () => {
    const error = { message: "run does not exist", extensions: { code: "NOT_FOUND" } };
    await expect(follow([JSON.stringify({ errors: [error] })])).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(states.at(-1)?.phase).not.toBe("ENDED");
  });

  it("says BROKEN when the head that is confirmed is not ours", async () => {
    const other = { run: { id: RUN_ID, status: "SUCCEEDED", headSeq: 40 } };
    const page = { __typename: "RunBatch", firstSeq: 41, lastSeq: 40, prevHash: "f".repeat(64), events: [] };
    const told = { head: 40, told: 40, ended: true };
    const lying = JSON.stringify({ data: { ...other, runEventsPage: page } });
    await expect(follow([told, lying])).rejects.toThrow("event 40 has another hash");
    expect(states.at(-1)?.phase).toBe("BROKEN");
  });

  it("stops quietly when it is told to", async () => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 300);
    const going = { head: 40, told: 40, ended: false };
    const seen = await follow(
      Array.from({ length: 100 }, () => going),
      { signal: stopping.signal },
    );
    expect(seen).toEqual(history);
  });
});

async function variablesOf(request: IncomingMessage): Promise<{ afterSeq: number }> {
  return JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString()).variables;
}
