import { GraphQLError } from "graphql";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createSomaClient } from "./client.ts";
import { followRun, type RunEvent } from "./run-events.ts";
import { createFollower } from "./testing/follower.ts";
import { batch, end, heartbeat, makeHistory, RUN_ID, type Script, startRunServer } from "./testing/run-server.ts";

const fails = (code: string, retryable: boolean): GraphQLError =>
  new GraphQLError(`failed with ${code}`, { extensions: { code, retryable, traceId: "t1" } });

describe("followRun()", () => {
  const follower = createFollower();
  let history: RunEvent[];
  beforeAll(async () => {
    history = await makeHistory(60);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await follower.server.close();
  });

  it("delivers a history in order, then the live tail, then ends", async () => {
    const seen = await follower.follow(function* () {
      yield batch(history.slice(0, 20));
      yield batch(history.slice(20, 21));
      yield heartbeat(history.slice(0, 21));
      yield batch(history.slice(21));
      yield end(history);
    });
    expect(seen).toEqual(history);
    expect(follower.final()).toEqual({
      phase: "ENDED",
      received: 60,
      head: 60,
      duplicatesDropped: 0,
      reconnects: 0,
      gapsRepaired: 0,
      transport: "WEBSOCKET",
    });
    expect(follower.server.asked).toEqual([0]);
    expect(follower.server.tokens).toEqual([undefined]);
  });

  it("says no more than is true on the way", async () => {
    await follower.follow(async function* () {
      yield batch(history.slice(0, 30));
      await new Promise((resolve) => setTimeout(resolve, 40));
      yield heartbeat(history.slice(0, 30));
      yield batch(history.slice(30));
      await new Promise((resolve) => setTimeout(resolve, 40));
      yield end(history);
    });
    expect(follower.phases()).toEqual(["LOADING", "CATCHING_UP", "LIVE", "QUIET", "LIVE", "ENDED"]);
  });

  it("goes on after a given event, whose hash it needs", async () => {
    const seen = await follower.follow(({ afterSeq }) => [batch(history.slice(afterSeq)), end(history)], {
      afterSeq: 55,
      afterHash: history[54]?.hash ?? "",
      token: "tok",
    });
    expect(seen.map(({ seq }) => seq)).toEqual([56, 57, 58, 59, 60]);
    expect([follower.server.asked, follower.server.tokens]).toEqual([[55], ["tok"]]);
    await expect(followRun({ url: follower.server.url, runId: RUN_ID, afterSeq: 55 }).next()).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    await expect(
      followRun({ url: follower.server.url, runId: RUN_ID, afterSeq: 55, afterHash: "0" }).next(),
    ).rejects.toThrow("does not match its predecessor");
  });

  it("continues from the last event through dropped connections", async () => {
    const seen = await follower.follow(({ afterSeq }) =>
      afterSeq < 50
        ? [batch(history.slice(afterSeq, afterSeq + 10)), "drop"]
        : [batch(history.slice(afterSeq)), end(history)],
    );
    expect(seen).toEqual(history);
    expect(follower.server.asked).toEqual([0, 10, 20, 30, 40, 50]);
    expect(follower.final()).toMatchObject({ phase: "ENDED", reconnects: 5, duplicatesDropped: 0 });
    expect(follower.phases()).toContain("RECONNECTING");
  });

  it("goes on when the server completes before the end, or says that it stops", async () => {
    const seen = await follower.follow(({ afterSeq, attempt }) => {
      if (attempt === 1) return [batch(history.slice(0, 10))];
      if (attempt < 4) return [fails(["SERVER_DRAINING", "UPSTREAM_UNAVAILABLE"][attempt - 2] ?? "", true)];
      return [batch(history.slice(afterSeq)), end(history)];
    });
    expect(seen).toEqual(history);
    expect(follower.server.asked).toEqual([0, 10, 10, 10]);
  });

  it("continues from the last event when the server closes the connection politely", async () => {
    const seen = await follower.follow(({ attempt, afterSeq }) =>
      attempt === 1 ? [batch(history.slice(0, 10)), "bye", "hang"] : [batch(history.slice(afterSeq)), end(history)],
    );
    expect(seen).toEqual(history);
    expect(follower.server.asked).toEqual([0, 10]);
  });

  it("drops what it has already", async () => {
    const seen = await follower.follow(() => [
      batch(history.slice(0, 30)),
      batch(history.slice(10, 40)),
      batch(history.slice(0, 5)),
      batch(history.slice(35)),
      end(history),
    ]);
    expect(seen).toEqual(history);
    expect(follower.final()).toMatchObject({ phase: "ENDED", duplicatesDropped: 20 + 5 + 5 });
    expect(follower.server.asked).toEqual([0]);
  });

  it.each<[string, Script, number[]]>([
    [
      "between batches",
      ({ attempt, afterSeq }) =>
        attempt === 1
          ? [batch(history.slice(0, 10)), batch(history.slice(12)), "hang"]
          : [batch(history.slice(afterSeq)), end(history)],
      [0, 10],
    ],
    [
      "inside a batch",
      ({ attempt, afterSeq }) => {
        const whole = history.slice(afterSeq);
        return attempt === 1 ? [batch(whole.filter(({ seq }) => seq !== 7)), "hang"] : [batch(whole), end(history)];
      },
      [0, 6],
    ],
    [
      "told by a heartbeat",
      ({ attempt, afterSeq }) =>
        attempt === 1
          ? [batch(history.slice(0, 10)), heartbeat(history), "hang"]
          : [batch(history.slice(afterSeq)), end(history)],
      [0, 10],
    ],
    [
      "told by the end",
      ({ attempt, afterSeq }) =>
        attempt === 1 ? [batch(history.slice(0, 59)), end(history)] : [batch(history.slice(afterSeq)), end(history)],
      [0, 59],
    ],
  ])("repairs a gap %s", async (_name, script, asked) => {
    expect(await follower.follow(script)).toEqual(history);
    expect(follower.server.asked).toEqual(asked);
    expect(follower.final()).toMatchObject({ phase: "ENDED", gapsRepaired: 1, received: 60 });
    expect(follower.phases()).toContain("REPAIRING");
    expect(follower.phases()).not.toContain("RECONNECTING");
  });

  it.each<[string, (event: RunEvent) => RunEvent]>([
    ["payload", (event) => ({ ...event, payload: { text: "changed" } })],
    ["time", (event) => ({ ...event, at: "2020-01-01T00:00:00.000Z" })],
    ["step", (event) => ({ ...event, stepId: null })],
    ["hash", (event) => ({ ...event, hash: "f".repeat(64) })],
  ])("is BROKEN when the %s of an event was changed, and delivers nothing of it", async (_name, change) => {
    const seen: RunEvent[] = [];
    follower.server = await startRunServer(() => [
      batch(history.map((event) => (event.seq === 5 ? change(event) : event))),
      end(history),
    ]);
    const following = followRun({
      url: follower.server.url,
      runId: RUN_ID,
      afterSeq: 0,
      onState: (state) => void follower.states.push(state),
    });
    await expect(
      (async () => {
        for await (const event of following) seen.push(event);
      })(),
    ).rejects.toMatchObject({ name: "ChainError", seq: 5 });
    expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(follower.final()).toMatchObject({
      phase: "BROKEN",
      received: 4,
      detail: expect.stringContaining("event 5"),
    });
  });

  it("is BROKEN when the server's head is another history", async () => {
    const other = history.map((event) => ({ ...event, hash: "a".repeat(64) }));
    await expect(follower.follow(() => [batch(history), end(other)])).rejects.toMatchObject({
      name: "ChainError",
      seq: 60,
    });
    expect(follower.final()).toMatchObject({ phase: "BROKEN" });
  });

  it("holds a bounded number of frames for a slow reader and loses none", async () => {
    const long = await makeHistory(700);
    follower.server = await startRunServer(({ afterSeq }) => [
      ...long.slice(afterSeq).map((event) => batch([event])),
      end(long),
    ]);
    const seen: number[] = [];
    for await (const event of followRun({
      url: follower.server.url,
      runId: RUN_ID,
      afterSeq: 0,
      backoffMs: 4,
      onState: (state) => void follower.states.push(state),
    })) {
      if (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 150));
      seen.push(event.seq);
    }
    expect(seen).toEqual(long.map(({ seq }) => seq));
    expect(follower.server.asked.length).toBeGreaterThan(1);
    expect(follower.final()).toMatchObject({ phase: "ENDED", received: 700, duplicatesDropped: 0 });
  });

  it("survives chaos: 300 events through drops, repeats and losses at random", async () => {
    const long = await makeHistory(300);
    const random = randomFrom(7);
    const seen = await follower.follow(function* ({ afterSeq }) {
      for (let at = afterSeq; at < long.length; ) {
        const from = Math.max(0, at - Math.floor(random() * 4));
        const to = at + 1 + Math.floor(random() * 9);
        const piece = long.slice(from, to);
        if (random() < 0.1) piece.splice(Math.floor(random() * piece.length), 1);
        if (piece.length > 0) yield batch(piece);
        if (random() < 0.15) yield "drop";
        at = random() < 0.1 ? to + 2 : to;
      }
      yield end(long);
    });
    expect(seen).toEqual(long);
    expect(follower.final()).toMatchObject({ phase: "ENDED", received: 300, head: 300 });
    expect(follower.final()?.duplicatesDropped).toBeGreaterThan(10);
    expect(follower.final()?.gapsRepaired).toBeGreaterThan(2);
  });
});

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("createSomaClient().runEvents()", () => {
  it("follows a run with the client's address and token", async () => {
    const history = await makeHistory(5);
    const server = await startRunServer(() => [batch(history), end(history)]);
    const client = createSomaClient({ url: server.url.replace("ws", "http").replace("/graphql", ""), token: "tok" });
    expect(await Array.fromAsync(client.runEvents({ runId: RUN_ID, afterSeq: 0 }))).toEqual(history);
    expect(server.tokens).toEqual(["tok"]);
    await server.close();
  });
});
