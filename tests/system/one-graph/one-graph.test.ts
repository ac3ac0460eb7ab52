import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type FollowState, followRun, type RunEvent } from "@soma/graphql/run-events";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

const WHOLE_RUN = `query ($id: ID!) { run(id: $id) {
  status steps { nodes { nodeId decision { allow } invocation { status } } }
  decisions { nodes { tool allow run { id } step { nodeId } } }
  invocations { nodes { tool { name } output decision { reason } step { nodeId } } }
  memories { nodes { kind content session { id } } } session { id } } }`;

const WITH_OTHER_SUBGRAPHS = `subscription ($runId: ID!) { runEvents(runId: $runId, afterSeq: 0) {
  __typename ... on RunBatch { events { seq type step { nodeId decision { tool allow } } frame { __typename ... on StreamData { data } } } } } }`;

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = any;

describe("one graph over four subgraphs", () => {
  let product: ProductUnderTest;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
  });
  afterAll(() => product.close());

  it("tells the events of a run to the curl command of the documentation", async () => {
    const runId = await product.send("What is 6*7?");
    await product.ended(runId);
    const page = await readFile(new URL("../../../docs/developer/graphql.md", import.meta.url), "utf8");
    const command = /```bash\n(curl [^`]+)```/.exec(page)?.[1] ?? "";
    const env = { ...process.env, SOMA_URL: product.url(), SOMA_TOKEN: product.token(), RUN_ID: runId };
    const { stdout } = await promisify(execFile)("bash", ["-c", command], { env, timeout: 30_000 });
    const answers = [...stdout.matchAll(/^event: next\ndata: (.*)$/gm)].map(
      ([, json]) => JSON.parse(json ?? "") as Answer,
    );
    expect(answers.map(({ data }) => data.runEvents.__typename)).toEqual(["RunBatch", "RunEnd"]);
    expect(answers[0]?.data.runEvents.lastSeq).toBeGreaterThan(5);
    expect(stdout.endsWith("event: complete\ndata:\n\n")).toBe(true);
  });

  it("gives a run with its steps, decisions, invocations and memories in one request", async () => {
    const id = await product.send("What is 6*7? Remember that the sky is blue.");
    await product.ended(id);
    const { run } = (await product.client().request(WHOLE_RUN, { id })) as Answer;
    expect(run.steps.nodes.map((step: Answer) => step.nodeId)).toEqual(
      expect.arrayContaining(["recall", "model", "policy", "tool", "remember", "answer"]),
    );
    expect(run.decisions.nodes).toEqual([
      { tool: "calculate", allow: true, run: { id }, step: { nodeId: "policy" } },
      { tool: "remember", allow: true, run: { id }, step: { nodeId: "policy" } },
    ]);
    expect(run.invocations.nodes).toEqual([
      {
        tool: { name: "calculate" },
        output: "42",
        decision: { reason: "role assistant may call calculate" },
        step: { nodeId: "tool" },
      },
    ]);
    expect(run.memories.nodes.map((memory: Answer) => memory.kind).toSorted()).toEqual(["FACT", "MESSAGE", "MESSAGE"]);
    expect(run.memories.nodes[0].session.id).toBe(run.session.id);
  });

  it("delivers every event across three cut connections, once each, verified by the client", async () => {
    const runId = await product.send(
      'run code: for (let i = 0; i < 12; i++) { console.log("line " + i); await sleep(150); }',
    );
    const sockets: WebSocket[] = [];
    class Recorded extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const seen: RunEvent[] = [];
    let last: FollowState | undefined;
    let cuts = 0;
    for await (const event of followRun({
      url: product.socketUrl(),
      token: product.token(),
      runId,
      afterSeq: 0,
      webSocketImpl: Recorded,
      onState: (state) => (last = state),
      backoffMs: 20,
    })) {
      seen.push(event);
      if (event.type === "STREAM_DATA" && cuts < 3) {
        cuts += 1;
        sockets.at(-1)?.close();
      }
    }
    expect(cuts).toBe(3);
    expect(sockets.length).toBeGreaterThanOrEqual(4);
    expect(seen.map((event) => event.seq)).toEqual(seen.map((_event, index) => index + 1));
    expect(last).toMatchObject({ phase: "ENDED", received: seen.length, head: seen.length });
    const lines = seen
      .filter((event) => event.type === "STREAM_DATA" && event.nodeId === "tool")
      .map((event) => (event.payload as { data: string }).data);
    expect(lines.join("")).toBe(Array.from({ length: 12 }, (_, i) => `line ${i}\n`).join(""));
  });

  it("resolves fields of other subgraphs for each event of a subscription", async () => {
    const runId = await product.send("What is 2+2?");
    const client = createClient({
      url: product.socketUrl(),
      retryAttempts: 0,
      connectionParams: { token: product.token() },
    });
    const events: Answer[] = [];
    for await (const { data, errors } of client.iterate<Answer>({
      query: WITH_OTHER_SUBGRAPHS,
      variables: { runId },
    })) {
      expect(errors).toBeUndefined();
      events.push(...(data.runEvents.events ?? []));
    }
    await client.dispose();
    const decided = events.filter((event) => event.type === "STEP_SUCCEEDED" && event.step.nodeId === "policy");
    expect(decided[0].step.decision).toEqual({ tool: "calculate", allow: true });
    expect(
      events
        .filter((event) => event.frame?.__typename === "StreamData")
        .map((event) => event.frame.data)
        .join(""),
    ).toContain("2+2 = 4");
  });

  it("gives the same run for the same key, and an error with a code for another body", async () => {
    const send = (text: string) =>
      product.client().request(`mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } } }`, {
        input: { text, idempotencyKey: "same" },
      }) as Promise<Answer>;
    const [a, b] = await Promise.all([send("hello"), send("hello")]);
    expect(a.sendMessage.run.id).toBe(b.sendMessage.run.id);
    await expect(send("goodbye")).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
      retryable: false,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("cancels a run in the middle of a tool", async () => {
    const id = await product.send("run code: await sleep(20000); console.log('never')");
    for await (const event of followRun({ url: product.socketUrl(), token: product.token(), runId: id, afterSeq: 0 }))
      if (event.type === "STREAM_START" && event.nodeId === "tool") break;
    const { code } = await product.soma("runs", "cancel", id, "--reason", "enough");
    expect(code).toBe(0);
    const run = await product.ended(id);
    expect(run.status).toBe("CANCELED");
    expect(run.invocations?.nodes[0]?.status).toBe("CANCELED");
  });
});
