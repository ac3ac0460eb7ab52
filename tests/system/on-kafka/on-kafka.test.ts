import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { faultsOf as faultsOfForm } from "@soma/conf/read-conf";
import { type KafkaCluster, startKafka } from "@soma/local/kafka-cluster";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Report, validateProduct } from "../../../infra/release/validate/validate-product.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { withDatabase } from "../product-database.ts";
import { readInJava } from "./java-reader.ts";
import {
  BENCHMARKS,
  INBOUND,
  OUTBOUND,
  ofRun,
  once,
  REQUESTS,
  RESULTS,
  type Read,
  startOutsideReader,
  TOPICS,
  write,
} from "./outside-reader.ts";

/** Runs that are under way while there is no broker. */
const IN_OUTAGE = 6;
/** Events of one subgraph that may wait: as few as a setting lets them be. */
const MOST_WAITING = 100;
/** What the checklist can look at only as somebody. */
const NEED_A_TOKEN = ["parts", "run", "history", "event", "denial", "audit", "memory"];

describe("the product on Kafka", () => {
  let kafka: KafkaCluster;
  let product: ProductUnderTest;
  let reader: { records: Read[]; close(): Promise<void> };

  beforeAll(async () => {
    kafka = await startKafka();
    product = await createProduct("alone", { kafka: kafka.brokers.join() });
    // Its topics are made by its start.
    await product.start({ SOMA_OUTBOX_MAX_ROWS: String(MOST_WAITING), SOMA_INBOUND_TENANTS: "local" });
    reader = await startOutsideReader(kafka.brokers, [...TOPICS, OUTBOUND, RESULTS, BENCHMARKS, `${INBOUND}.dlq`]);
  }, 400_000);
  afterAll(async () => {
    await product.close();
    await reader.close();
    await kafka.stop();
  });

  const statusesOf = (runId: string) => ofRun(reader.records, runId, "agent.runs.v1").map(({ status }) => status);
  const tells = (runId: string): Promise<unknown> =>
    until(`the end of ${runId} is on its topic`, () => statusesOf(runId).includes("succeeded"), 60_000);

  it("tells everyone what a run did: its life, its steps, its tools, each in order, and its parts hear of it", async () => {
    const runId = await product.send("Run code: console.log(6 * 7)");
    await product.ended(runId);
    await tells(runId);
    expect(statusesOf(runId)).toEqual(["queued", "succeeded"]);
    const steps = ofRun(reader.records, runId, "agent.steps.v1").map(({ step_id }) => String(step_id));
    expect(steps.length).toBeGreaterThan(2);
    expect(steps).toEqual(steps.toSorted((a, b) => numberOf(a) - numberOf(b)));
    await until("the call of the tool is told", () => ofRun(reader.records, runId, "agent.tools.v1").length === 1);
    // The policy subgraph keeps what it hears on the topic of audit events.
    const audit = reader.records.filter(({ topic }) => topic.endsWith("agent.audit.v1"));
    expect(audit.length).toBeGreaterThan(0);
    await until("the policy has heard its audit event", async () => (await countAudit(product)) > 0, 60_000);
  });

  it("passes the checklist of a release by its address alone, and each check that cannot pass is named", async () => {
    const program = fileURLToPath(new URL("../../../infra/release/validate/main.ts", import.meta.url));
    const [url, file] = [product.url(), join(product.dataDir, "report.json")];
    const env = { ...process.env, SOMA_TOKEN: product.token(), SOMA_KAFKA_BROKERS: kafka.brokers.join() };
    const args = [program, "--url", url, "--json", file, "--require", "event"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout.match(/^✓ \w+/gm)).toHaveLength(8);
    const refused = await validateProduct({ url, token: "nobody", required: ["event"], env: {} });
    const found = refused.checks.map(({ name, outcome }) => `${name} ${outcome}`);
    expect(found).toEqual(["alive passed", ...NEED_A_TOKEN.map((name) => `${name} failed`)]);
    const schema = new URL("../../../infra/release/validate/report.schema.json", import.meta.url);
    const { $schema: _draft, ...form } = JSON.parse(await readFile(schema, "utf8")) as Record<string, unknown>;
    const passed = JSON.parse(await readFile(file, "utf8")) as Report;
    expect(passed.passed).toBe(true);
    for (const report of [passed, refused]) expect(faultsOfForm(form as never, report, "the report")).toEqual([]);
  });

  it("tells in every event by which request, and in which trace, it came to be", async () => {
    const requestId = `req-${newId()}`;
    const traceId = newId().replaceAll("-", "");
    const headers = { "x-request-id": requestId, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const mutation = `mutation { sendMessage(input: { text: "Run code: console.log(1). Remember that I was traced.", idempotencyKey: "${requestId}" }) { run { id } } }`;
    const { sendMessage } = await ask<{ sendMessage: { run: { id: string } } }>(product, mutation, headers);
    await product.ended(sendMessage.run.id);
    await tells(sendMessage.run.id);
    const asked = () => reader.records.filter((read) => read.headers["x-request-id"] === requestId);
    await until(
      "each of its topics has told of it, and the one of answers",
      () => new Set(asked().map(({ topic }) => topic)).size === TOPICS.length + 1,
    );
    for (const { topic, headers: each } of asked())
      expect([topic, each.traceparent]).toEqual([topic, expect.stringContaining(`00-${traceId}-`)]);
    expect(ofRun(asked(), sendMessage.run.id, "agent.runs.v1")).toEqual([
      expect.objectContaining({ request_ids: [requestId], trace_id: traceId }),
      expect.objectContaining({ request_ids: [requestId], trace_id: traceId }),
    ]);
  });

  it("answers what is said on the topic of messages, once and in the session that it names, and keeps what it refuses", async () => {
    const [sessionId, eventId] = [newId("Session"), newId()];
    const message = {
      event_id: eventId,
      session_id: sessionId,
      role: "user",
      message: "What is 6*7?",
      attachments: [],
      metadata: {},
      trace_id: "",
      span_id: "",
      request_id: "",
      tenant: "local",
    };
    const stranger = { ...message, event_id: newId(), tenant: "globex" };
    await write(
      kafka.brokers,
      INBOUND,
      [message, message, stranger].map((each) => JSON.stringify(each)),
    );
    const on = (topic: string): Read[] => once(reader.records).filter((read) => read.topic === topic);
    const answers = (): Read[] => on(OUTBOUND).filter(({ key }) => key === sessionId);
    await until("the message is answered", () => answers().length > 0, 60_000);
    const said = { role: "assistant", message: expect.stringContaining("42"), tenant: "local" };
    expect(answers()[0]?.data).toMatchObject({ ...said, metadata: { in_reply_to: eventId } });
    await until("the other one is kept apart", () => on(`${INBOUND}.dlq`).length === 1, 60_000);
    const [letter] = on(`${INBOUND}.dlq`);
    expect(letter?.headers["soma-dead-reason"]).toContain("says that it is of tenant globex");
    expect(letter?.data).toEqual(stranger);
    expect(answers()).toHaveLength(1);
  });

  it("calls the tool that is asked for on the topic of requests, when the policy allows it, and tells what became of it", async () => {
    const sessionId = newId("Session");
    const aRequest = (tool_name: string, args: object) => ({
      event_id: newId(),
      session_id: sessionId,
      tool_name,
      args,
      metadata: { tool_name },
      trace_id: "",
      span_id: "",
      request_id: "",
      tenant: "local",
    });
    const [sum, get] = [
      aRequest("calculate", { expression: "6*7" }),
      aRequest("http_fetch", { url: "http://169.254.169.254/" }),
    ];
    await write(
      kafka.brokers,
      REQUESTS,
      [sum, sum, get].map((each) => JSON.stringify(each)),
    );
    const results = (name: string): Read[] =>
      once(reader.records).filter(
        ({ topic, key, data }) => topic === RESULTS && key === sessionId && data.tool_name === name,
      );
    await until("both are answered", () => results("calculate").length > 0 && results("http_fetch").length > 0, 60_000);
    expect(results("calculate").map(({ data }) => data)).toEqual([
      expect.objectContaining({ status: "succeeded", payload: expect.stringContaining("42"), metadata: sum?.metadata }),
    ]);
    expect(results("http_fetch")[0]?.data).toMatchObject({ payload: { error: { message: expect.any(String) } } });
  });

  it("is read by a client in another language: headers, key and value as the pages tell them", async () => {
    const runId = await product.send("What is 6*7?");
    await product.ended(runId);
    await tells(runId);
    const read = await readInJava(kafka.brokers, "soma.local.agent.runs.v1");
    const mine = read.filter(({ key }) => key === runId);
    expect(mine.map(({ value }) => JSON.parse(value))).toEqual(ofRun(reader.records, runId, "agent.runs.v1"));
    expect(mine[0]?.headers).toMatchObject({
      ce_specversion: "1.0",
      ce_type: "agent.runs.v1",
      ce_tenant: "local",
      ce_subject: runId,
      ce_dataschema: "agent.runs.v1.json",
      "content-type": "application/json",
      traceparent: expect.stringMatching(/^00-/),
    });
  });

  it("is told what a benchmark measured", async () => {
    vi.stubEnv("SOMA_KAFKA_BROKERS", kafka.brokers.join());
    const { code, stdout } = await product.soma("bench", "engine", "--size", "2", "--publish", "--json");
    const events = JSON.parse(stdout) as { task_id: string; metrics: { stepsPerSecond: number } }[];
    expect([code, events.map(({ task_id }) => task_id)]).toEqual([0, ["effect steps", "pure steps"]]);
    const published = () => reader.records.filter(({ topic }) => topic === BENCHMARKS).map(({ data }) => data);
    await until("both were published", () => published().length === 2, 30_000);
    expect(published()).toEqual(events);
    expect(Math.min(...events.map(({ metrics }) => metrics.stepsPerSecond))).toBeGreaterThan(0);
    vi.unstubAllEnvs();
  });

  it("goes on while there is no broker, and tells all of it when there is one again", async () => {
    await kafka.kill(0);
    const runs = await Promise.all(
      Array.from({ length: IN_OUTAGE }, (_run, at) => product.send(`note: outage-${at}. And what is 6*7?`)),
    );
    for (const runId of runs) expect(await product.ended(runId)).toMatchObject({ status: "SUCCEEDED" });
    await kafka.restart(0);
    for (const runId of runs) {
      await tells(runId);
      expect([runId, statusesOf(runId)]).toEqual([runId, ["queued", "succeeded"]]);
    }
  });

  it("begins nothing new while too many events wait, so that no outage fills the disk, and goes on by itself", () =>
    withDatabase(product.dataDir, "memory", async ({ sql }) => {
      await kafka.kill(0);
      const first = await product.send("note: the first that waits");
      await product.ended(first);
      await sql`insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
        select bucket, tenant, topic, key, more.id, type, payload, jsonb_set(headers, '{ce_id}', to_jsonb(more.id))
          from (select * from outbox limit 1) one, (select gen_random_uuid() as id from generate_series(1, ${MOST_WAITING})) more`;
      // What was counted is good for five seconds.
      await sleep(5_000);
      const second = await product.send("note: one too many");
      await until(
        "its step waits for room",
        async () => (await faultsOf(product, second)).includes("UNAVAILABLE"),
        30_000,
      );
      const [{ waiting } = { waiting: 0 }] = await sql<
        { waiting: number }[]
      >`select count(*)::int as waiting from outbox`;
      await kafka.restart(0);
      expect(await product.ended(second, 90_000)).toMatchObject({ status: "SUCCEEDED" });
      expect(waiting).toBeLessThanOrEqual(MOST_WAITING + 10);
    }));
});

const numberOf = (stepId: string): number => Number(stepId.split(".").at(-1));

async function countAudit(product: ProductUnderTest): Promise<number> {
  const query = "{ auditEvents(filter: { category: [POLICY] }) { nodes { id } } }";
  return (await ask<{ auditEvents: { nodes: object[] } }>(product, query)).auditEvents.nodes.length;
}

/** Codes of the errors that steps of a run have met so far. */
async function faultsOf(product: ProductUnderTest, runId: string): Promise<string[]> {
  const query = `{ runEventsPage(runId: "${runId}", afterSeq: 0) { events { payload } } }`;
  const { runEventsPage } = await ask<{ runEventsPage: { events: { payload: { error?: { code: string } } }[] } }>(
    product,
    query,
  );
  return runEventsPage.events.flatMap(({ payload }) => payload.error?.code ?? []);
}

async function ask<T>(product: ProductUnderTest, query: string, more: Record<string, string> = {}): Promise<T> {
  const response = await fetch(new URL("/graphql", product.url()), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${product.token()}`, ...more },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { data: T }).data;
}
