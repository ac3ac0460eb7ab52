import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { derivedId, newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  PeerCancelInvocationDocument,
  PeerInvokeToolDocument,
  PeerToolOutputDocument,
  PeerToolsDocument,
} from "../runs/peers/generated/graphql.ts";
import { startTools } from "./main.ts";
import { createToolsFixture, type ToolsFixture } from "./testing/fixture.ts";
import { document, envOf, type Served, serve } from "./testing/served.ts";

let fixture: ToolsFixture;
let served: Served;
const inner = createServer((_request, response) =>
  response.writeHead(200, { "content-type": "text/plain" }).end("inside"),
);
const events: EventRecord[] = [];
const principal = aPrincipal();

beforeAll(async () => {
  await new Promise<void>((resolve) => inner.listen(0, "127.0.0.1", resolve));
  fixture = await createToolsFixture("tools_http");
  served = await serve(fixture, {
    env: { SOMA_HTTP_FETCH_ALLOW: `127.0.0.1:${(inner.address() as AddressInfo).port}` },
  });
  await served.bus.subscribe({ group: "test", type: "agent.tools.v1" }, async (record) => void events.push(record));
});
afterAll(async () => {
  await served.close();
  await fixture.close();
  inner.close();
});

async function invoke(tool: string, args: unknown, idempotencyKey: string, token?: string) {
  const decisionToken = token ?? (await fixture.decide({ tool, args, idempotencyKey }));
  const input = { tool, args, decisionToken, idempotencyKey, runId: null, stepId: null };
  const answer = await served.client.request(PeerInvokeToolDocument, { input }, { principal, timeoutMs: 30_000 });
  return answer.invokeTool.invocation;
}

describe("startTools()", () => {
  it("lists the tools that ship, and what an agent may call and only its own run carries out", async () => {
    const { tools } = await served.client.request(PeerToolsDocument, {}, { principal });
    const shipped = [
      ["calculate", "LOW", "PURE"],
      ["clock", "LOW", "PURE"],
      ["code_run", "HIGH", "PURE"],
      ["http_fetch", "MEDIUM", "PURE"],
      ["note_append", "MEDIUM", "IDEMPOTENT"],
      ["remember", "LOW", "IDEMPOTENT"],
    ];
    expect(tools.map(({ name, risk, effect }) => [name, risk, effect])).toEqual(expect.arrayContaining(shipped));
    expect(tools.filter(({ isolation }) => isolation === "AGENT").map(({ name }) => name)).toEqual(["remember"]);
    expect(tools[0]?.inputSchema).toMatchObject({ type: "object", required: ["expression"] });
  });

  it("invokes every tool end to end under a signed decision", async () => {
    expect(await invoke("calculate", { expression: "(17 + 3) * 2" }, "e2e-1")).toMatchObject({
      status: "SUCCEEDED",
      output: "40",
      outputBytes: 2,
      attempt: 1,
    });
    expect(await invoke("calculate", { expression: "1 / 0" }, "e2e-2")).toMatchObject({
      status: "FAILED",
      error: { type: "division_by_zero" },
    });
    expect((await invoke("clock", {}, "e2e-3")).output).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(\w+day, UTC\)$/);
    expect(await invoke("note_append", { text: "bread" }, "e2e-4")).toMatchObject({
      status: "SUCCEEDED",
      output: "noted in notes.md, which has 1 line",
    });
    expect(await invoke("code_run", { code: "print('a'); await sleep(5); 6 * 7" }, "e2e-5")).toMatchObject({
      status: "SUCCEEDED",
      output: "a\n42\n",
    });
    const inside = `http://127.0.0.1:${(inner.address() as AddressInfo).port}/`;
    expect((await invoke("http_fetch", { url: inside }, "e2e-6")).output).toContain("inside");
    expect(await invoke("http_fetch", { url: "http://127.0.0.1/" }, "e2e-7")).toMatchObject({
      status: "FAILED",
      error: { type: "address_refused" },
    });
    await until("the events were published", () => events.length >= 7);
    expect(events[0]).toMatchObject({ topic: "soma.acme.agent.tools.v1", headers: { ce_type: "agent.tools.v1" } });
  });

  it("streams frames to whoever subscribed before, while the tool runs", { timeout: 20_000 }, async () => {
    const invocationId = derivedId("Invocation", "acme", "stream");
    const frames = served.client.subscribe(PeerToolOutputDocument, { invocationId, after: -1 }, { principal });
    const first = frames.next();
    const code = "for (const word of ['one', 'two', 'three']) { print(word); await sleep(150) }";
    const invoked = invoke("code_run", { code }, "stream");
    const seen = [(await first).value?.toolOutput];
    let settled = false;
    void invoked.finally(() => (settled = true));
    seen.push((await frames.next()).value?.toolOutput);
    expect(settled).toBe(false);
    for await (const { toolOutput } of frames) seen.push(toolOutput);
    // What is printed while the machine is busy may leave in one frame.
    expect(seen.map((frame) => frame?.seq)).toEqual(seen.map((_frame, index) => index));
    expect([seen[0]?.__typename, seen.at(-1)?.__typename]).toEqual(["StreamStart", "StreamEnd"]);
    const said = seen.map((frame) => (frame?.__typename === "StreamData" ? frame.data : ""));
    expect(said.join("")).toBe("one\ntwo\nthree\n");
    expect(seen.at(-1)).toMatchObject({ stream: `${invocationId}.1`, status: "OK", bytes: 14 });
    expect((await invoked).output).toBe("one\ntwo\nthree\n");
  });

  it("refuses a call without a token, with a foreign, an expired, or a re-used one", async () => {
    const args = { expression: "1 + 1" };
    const other = await createToolsFixture("tools_foreign");
    const call = (what: string) => ({ tool: "calculate", args, idempotencyKey: `refused-${what}` });
    const foreign = await other.decide(call("foreign"));
    await other.close();
    const table: [string, string, string][] = [
      ["none", "", "DECISION_INVALID"],
      ["foreign", foreign, "DECISION_INVALID"],
      ["expired", await fixture.decide(call("expired"), {}, -60), "DECISION_EXPIRED"],
      ["re-used", await fixture.decide({ ...call("re-used"), args: { expression: "2 + 2" } }), "DECISION_INVALID"],
      ["shown under another key", await fixture.decide(call("another")), "DECISION_INVALID"],
    ];
    for (const [what, token, code] of table)
      await expect(invoke("calculate", args, `refused-${what}`, token), what).rejects.toMatchObject({ code });
  });

  it("refuses whoever is not signed in", async () => {
    const query = JSON.stringify({ query: "{ tools { name } }" });
    const answer = await fetch(served.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: query,
    });
    expect(answer.status).toBe(401);
  });

  it("cancels what runs, and keeps a tool running whose caller has gone", { timeout: 20_000 }, async () => {
    const code = "print('on'); await sleep(60000)";
    const leave = new AbortController();
    const decisionToken = await fixture.decide({ tool: "code_run", args: { code }, idempotencyKey: "gone" });
    const input = {
      tool: "code_run",
      args: { code },
      decisionToken,
      idempotencyKey: "gone",
      runId: null,
      stepId: null,
    };
    const invoked = served.client
      .request(PeerInvokeToolDocument, { input }, { principal, signal: leave.signal })
      .catch((error: unknown) => error);
    const id = derivedId("Invocation", "acme", "gone");
    const statusOf = () => served.client.request(INVOCATION, { id }, { principal });
    await until("it runs", async () => (await statusOf()).invocation?.status === "RUNNING");
    leave.abort();
    expect(await invoked).toMatchObject({ code: "CANCELED" });
    expect((await statusOf()).invocation).toMatchObject({ status: "RUNNING", output: null });
    const cancel = { input: { invocationId: id, idempotencyKey: "cancel gone" } };
    const { cancelInvocation } = await served.client.request(PeerCancelInvocationDocument, cancel, { principal });
    expect(cancelInvocation.invocation).toEqual({ id, status: "CANCELED" });
  });

  it("resolves entities: runs and steps with their invocations, an invocation, a tool", async () => {
    const runId = newId();
    const stepId = `${runId}.2`;
    const args = { expression: "6 * 7" };
    const call = { tool: "calculate", args, idempotencyKey: "entity" };
    const input = { ...call, decisionToken: await fixture.decide(call, { runId, stepId }), runId, stepId };
    const answer = await served.client.request(PeerInvokeToolDocument, { input }, { principal });
    const { id } = answer.invokeTool.invocation;
    const representations = [
      { __typename: "Run", id: runId },
      { __typename: "Run", id: newId() },
      { __typename: "Step", id: stepId },
      { __typename: "Step", id: `${runId}.3` },
      { __typename: "Invocation", id },
      { __typename: "Tool", name: "clock" },
      { __typename: "Tool", name: "toString" },
    ];
    const { _entities } = await served.client.request(ENTITIES, { representations }, { principal });
    expect(_entities).toEqual([
      {
        invocations: {
          nodes: [{ id, output: "42", tool: { name: "calculate" }, run: { id: runId }, step: { id: stepId }, args }],
        },
      },
      { invocations: { nodes: [] } },
      { invocation: { id } },
      { invocation: null },
      { id, decision: { id: expect.any(String) } },
      { version: "1" },
      null,
    ]);
  });

  it("still shows an invocation of a tool that is no longer registered", async () => {
    const { id } = await invoke("calculate", { expression: "1" }, "retired");
    await fixture.database.owner`update invocation set tool = 'abacus' where invocation_id = ${id}`;
    expect((await served.client.request(INVOCATION, { id }, { principal })).invocation).toMatchObject({
      status: "SUCCEEDED",
      output: "1",
      tool: { name: "abacus", description: "no longer registered" },
    });
  });

  it("tells all faults of its settings at once", async () => {
    const env = {
      ...envOf(fixture),
      SOMA_DECISION_VERIFY_KEY: "no key",
      SOMA_HTTP_FETCH_ALLOW: "http://x",
      SOMA_TOOLS_CONCURRENCY: "0",
    };
    const started = startTools({ env, bus: createLocalBus(), log: createSilentLog() });
    await expect(started).rejects.toMatchObject({
      faults: [
        expect.stringContaining("SOMA_DECISION_VERIFY_KEY"),
        expect.stringContaining("host:port"),
        expect.stringContaining("1 to 256"),
      ],
    });
  });
});

interface ShownInvocation {
  status: string;
  output: string | null;
  tool: { name: string; description: string };
}
const INVOCATION = document<{ invocation: ShownInvocation | null }, { id: string }>(
  "query ($id: ID!) { invocation(id: $id) { status output tool { name description } } }",
);
const ENTITIES = document<
  { _entities: unknown[] },
  { representations: unknown[] }
>(`query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Run { invocations { nodes { id output args tool { name } run { id } step { id } } } }
    ... on Step { invocation { id } }
    ... on Invocation { id decision { id } }
    ... on Tool { version }
  }
}`);
