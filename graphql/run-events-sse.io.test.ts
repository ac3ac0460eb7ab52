import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FollowState } from "./follow-state.ts";
import { type FollowRunParams, followRun, type RunEvent } from "./run-events.ts";
import type { RunFrame } from "./run-view.ts";
// Followers wait for it no longer than they wait anyway.
import "./sse-frames.ts";
import { batch, end, heartbeat, makeHistory, RUN_ID } from "./testing/run-server.ts";

type Play = (response: ServerResponse, asked: { afterSeq: number; attempt: number }) => void;

const STREAM = { "content-type": "text/event-stream; charset=utf-8" };
const next = (...frames: RunFrame[]): string =>
  frames.map((runEvents) => `event: next\ndata: ${JSON.stringify({ data: { runEvents } })}\n\n`).join("");
const COMPLETE = "event: complete\ndata:\n\n";

describe("followRun(), where WebSockets are refused", () => {
  let history: RunEvent[];
  let server: Server;
  const states: FollowState[] = [];
  const asked: { afterSeq: number; accept: string | undefined; authorization: string | undefined }[] = [];
  let upgrades = 0;
  beforeAll(async () => {
    history = await makeHistory(40);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function follow(play: Play, params: Partial<FollowRunParams> = {}): Promise<RunEvent[]> {
    states.length = 0;
    asked.length = 0;
    upgrades = 0;
    server = createServer(async (request, response) => {
      const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString()) as {
        variables: { afterSeq: number };
      };
      const { accept, authorization } = request.headers;
      asked.push({ afterSeq: body.variables.afterSeq, accept, authorization });
      play(response, { afterSeq: body.variables.afterSeq, attempt: asked.length });
    });
    server.on("upgrade", (_request, socket) => {
      upgrades += 1;
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    const onState = (state: FollowState): void => void states.push(state);
    return Array.fromAsync(
      followRun({ url, runId: RUN_ID, afterSeq: 0, backoffMs: 4, staleMs: 2_000, onState, ...params }),
    );
  }

  it("follows over HTTP after three refusals, in parts however they are cut, and says so", async () => {
    const seen = await follow(
      async (response) => {
        response.writeHead(200, STREAM);
        const text = `:\n\n${next(batch(history.slice(0, 15)), heartbeat(history.slice(0, 15)))}:\n\n${next(batch(history.slice(15)), end(history))}${COMPLETE}`;
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += 1_111) {
          response.write(bytes.subarray(at, at + 1_111));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        response.end();
      },
      { token: "tok" },
    );
    expect(seen).toEqual(history);
    expect(states.at(-1)).toMatchObject({ phase: "ENDED", received: 40, transport: "SSE", reconnects: 3 });
    expect([upgrades, asked]).toEqual([3, [{ afterSeq: 0, accept: "text/event-stream", authorization: "Bearer tok" }]]);
  });

  it("goes on after the last event when a stream ends, breaks or is silent, with one more try of a WebSocket each time", async () => {
    const seen = await follow(
      (response, { afterSeq, attempt }) => {
        response.writeHead(200, STREAM);
        response.write(next(batch(history.slice(afterSeq, attempt * 10))));
        if (attempt === 1) response.end(COMPLETE);
        if (attempt === 2) setTimeout(() => response.destroy(), 20);
        if (attempt === 4) response.end(next(end(history)));
      },
      { staleMs: 300 },
    );
    expect(seen).toEqual(history);
    expect([upgrades, asked.map(({ afterSeq }) => afterSeq)]).toEqual([6, [0, 10, 20, 30]]);
    expect(states.map(({ phase }) => phase)).toContain("STALE");
  });

  it("ends with what the server refuses for good, and asks again for the rest", async () => {
    const error = (code: string) => ({ errors: [{ message: `failed with ${code}`, extensions: { code } }] });
    const refusing = follow((response, { attempt }) => {
      if (attempt === 1) response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
      if (attempt === 2) response.writeHead(503).end(JSON.stringify(error("UNAVAILABLE")));
      if (attempt === 3)
        response.writeHead(200, STREAM).end(`event: next\ndata: ${JSON.stringify(error("NOT_FOUND"))}\n\n`);
    });
    await expect(refusing).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(asked.length).toBe(3);
  });

  it("stops quietly when it is told to", async () => {
    const stopping = new AbortController();
    const seen = await follow(
      (response) => {
        response.writeHead(200, STREAM);
        response.write(next(batch(history)));
        setTimeout(() => stopping.abort(), 50);
      },
      { signal: stopping.signal },
    );
    expect(seen).toEqual(history);
  });
});
