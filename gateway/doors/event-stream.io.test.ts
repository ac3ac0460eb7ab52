import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES, read } from "../testing/lab.ts";

const STEPS = 'subscription { steps(runId: "7") { seq run { title invocations } } }';
const AFTER = 'subscription ($after: Int!) { steps(runId: "7", after: $after) { __typename seq } }';
const DRAINING = { errors: [{ extensions: { code: "SERVER_DRAINING", retryable: true } }] };

interface Stream {
  status: number;
  headers: Headers;
  /** What came, as it was written. */
  text: string;
  results: { data?: { steps: { seq: number } }; errors?: { extensions: { code: string } }[] }[];
  isOver: boolean;
  leave(): void;
}

describe.each(RUNTIMES)("createEventStreams() on %s", (on) => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab({ keepAliveMs: 60, drainMs: 2_000, connectionsPerCaller: 3, queuedEvents: 8 }, { on });
  });
  afterEach(() => lab.close());

  async function open(query: string, more: { variables?: object; token?: string } = {}): Promise<Stream> {
    const { variables = {}, token = await lab.token() } = more;
    const leaving = new AbortController();
    const response = await fetch(`${lab.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal: leaving.signal,
    });
    const { status, headers } = response;
    const stream: Stream = { status, headers, text: "", results: [], isOver: false, leave: () => leaving.abort() };
    const reading = async (): Promise<void> => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        stream.text += text;
        const lines = [...stream.text.matchAll(/^event: next\ndata: ([^\n]*)\n$/gm)];
        stream.results = lines.map(([, json]) => JSON.parse(json ?? ""));
      }
    };
    void reading()
      .catch(() => {})
      .finally(() => {
        stream.isOver = true;
      });
    return stream;
  }
  const publish = (count: number): void => {
    for (let n = 0; n < count; n += 1) lab.state.publish();
  };

  it("tells each event as it comes, with the fields of other subgraphs, and beats in between", async () => {
    const stream = await open(STEPS);
    publish(1);
    await until("one came", () => stream.results.length === 1);
    await until("it beats", () => /^:\n\n:\n\n/m.test(stream.text));
    publish(1);
    await until("the next one came", () => stream.results.length === 2);
    expect(stream.results).toEqual(
      [1, 2].map((seq) => ({ data: { steps: { seq, run: { title: "Run 7", invocations: ["call of 7"] } } } })),
    );
    expect([stream.status, stream.headers.get("content-type"), stream.headers.get("cache-control")]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "no-store",
    ]);
    expect(stream.headers.get("x-accel-buffering")).toBe("no");
    expect(await lab.load()).toMatchObject({ streams: 1, subscriptions: 1, connections: 0 });
    stream.leave();
    await until("the subgraph was told", async () => lab.state.open === 0 && (await lab.load()).streams === 0);
  });

  it("hears the same upstream as a WebSocket that follows the same", async () => {
    const socket = read(lab.connect(), AFTER, { after: 0 });
    const stream = await open(AFTER, { variables: { after: 0 } });
    publish(3);
    await until("both have heard it", () => socket.results.length === 3 && stream.results.length === 3);
    expect([(await lab.load()).upstreams, lab.state.open]).toEqual([1, 1]);
    expect(stream.results).toEqual(socket.results);
  });

  it("answers a query and a mutation as one event, and completes", async () => {
    for (const query of ["{ run(id: 1) { title } }", 'mutation { addRun(title: "T") { title } }']) {
      const stream = await open(query);
      await until("it is over", () => stream.isOver);
      expect(stream.text).toMatch(/^event: next\ndata: \{"data":.*"title".*\}\n\nevent: complete\ndata:\n\n$/);
    }
    await until("nothing is left", async () => (await lab.load()).streams === 0);
  });

  it("tells what the subgraph says at the end as the last result", async () => {
    const stream = await open('subscription { steps(runId: "unknown") { seq } }');
    await until("it is over", () => stream.isOver);
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "NOT_FOUND" } }] }]);
    expect(stream.text.endsWith("event: complete\ndata:\n\n")).toBe(true);
  });

  it.each([
    ["nobody", "", STEPS, 401, "UNAUTHENTICATED"],
    ["a fault of the document", undefined, "subscription { nothing }", 400, "BAD_INPUT"],
  ])("refuses %s before there is a stream", async (_name, token, query, status, code) => {
    const response = await fetch(`${lab.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(token === undefined ? { authorization: `Bearer ${await lab.token()}` } : {}),
      },
      body: JSON.stringify({ query }),
    });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      status,
      "application/graphql-response+json; charset=utf-8",
    ]);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    expect((await lab.load()).streams).toBe(0);
  });

  it("counts among the connections and subscriptions of its caller", async () => {
    for (let n = 0; n < 3; n += 1) await open(STEPS);
    const fourth = await open(STEPS);
    expect([fourth.status, fourth.headers.get("retry-after")]).toEqual([429, "1"]);
    await until("three are followed", async () => (await lab.load()).streams === 3);
  });

  it("has as many of all callers as there may be connections", async () => {
    await lab.close();
    lab = await createLab({ connections: 1 }, { on });
    await open(STEPS);
    expect((await open(STEPS, { token: await lab.token({ subject: "user:eve" }) })).status).toBe(429);
    expect((await lab.seen()).refused).toEqual(["event streams"]);
  });

  it("ends when its token expires, with TOKEN_EXPIRED", async () => {
    const stream = await open(STEPS, { token: await lab.token({}, 1) });
    await until("it is over", () => stream.isOver);
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "TOKEN_EXPIRED", retryable: false } }] }]);
    await until("the subgraph was told", () => lab.state.open === 0);
  });

  it("drains with SERVER_DRAINING as the last result", async () => {
    const stream = await open(STEPS);
    await until("it streams", () => lab.state.open === 1);
    await lab.closeGateway();
    await until("it is over", () => stream.isOver);
    expect(stream.results).toMatchObject([DRAINING]);
    await until("the subgraph was told", () => lab.state.open === 0);
  });

  it("is cut where too much waits together, and what it held is given back", async () => {
    await lab.close();
    lab = await createLab({ unreadBytesOfAll: 20 }, { on });
    const stream = await open("{ run(id: 1) { title } }");
    await until("it is over", () => stream.isOver);
    expect(stream.text).toBe("");
    expect([(await lab.load()).streams, (await lab.seen()).unread]).toEqual([0, 0]);
  });

  it("ends the connection of a reader that reads nothing, and slows no other", async () => {
    await lab.close();
    lab = await createLab({ queuedEvents: 1_000, queuedBytes: 1e9, unreadMs: 300 }, { on });
    const flooded = await fetch(`${lab.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${await lab.token()}`,
      },
      body: JSON.stringify({ query: "subscription { flood(count: 300, size: 200000) { seq note } }" }),
    });
    const quick = await open(STEPS);
    publish(3);
    await until("the quick reader goes on", () => quick.results.length === 3);
    await until("the other one is ended", async () => (await lab.load()).streams === 1);
    await expect(flooded.text()).rejects.toThrow();
    publish(1);
    await until("the quick reader goes on", () => quick.results.length === 4);
  });
});
