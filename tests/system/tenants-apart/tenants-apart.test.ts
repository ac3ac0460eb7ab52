import { readFile } from "node:fs/promises";
import { newId } from "@soma/shared/ids";
import { buildSchema, type GraphQLObjectType } from "graphql";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest, type RunDetail } from "../product.ts";
import { withDatabase } from "../product-database.ts";
import { type Answer, createStranger, key } from "./stranger.ts";

describe("tenants see nothing of each other", () => {
  let product: ProductUnderTest;
  let run: RunDetail;
  const { ask, asked, mutate, raw, token } = createStranger(() => product);

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    run = await product.ended(await product.send("What is 6*7? Remember that the secret word is heliotrope."));
  });
  afterAll(() => product.close());

  it("on any query, by any id", async () => {
    const id = run.id;
    expect(await ask("run", "query ($id: ID!) { run(id: $id) { id } }", { id })).toEqual({ run: null });
    expect((await ask("runs", "{ runs { nodes { id } } }")).runs.nodes).toEqual([]);
    expect(await ask("session", "query ($id: ID!) { session(id: $id) { id } }", { id: run.session.id })).toEqual({
      session: null,
    });
    await expect(
      ask("runEventsPage", "query ($id: ID!) { runEventsPage(runId: $id, afterSeq: 0) { lastSeq } }", { id }),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(
      await ask("decision", "query ($id: ID!) { decision(id: $id) { id } }", { id: run.decisions?.nodes[0]?.id }),
    ).toEqual({ decision: null });
    expect((await ask("decisions", "{ decisions { nodes { id } } }")).decisions.nodes).toEqual([]);
    expect((await ask("auditEvents", "{ auditEvents { nodes { id } } }")).auditEvents.nodes).toEqual([]);
    expect(await ask("auditSeals", "{ auditSeals { number } }")).toEqual({ auditSeals: [] });
    expect(await ask("sealedEvents", "{ sealedEvents { seq } }")).toEqual({ sealedEvents: [] });
    expect(
      await ask("invocation", "query ($id: ID!) { invocation(id: $id) { id } }", { id: run.invocations?.nodes[0]?.id }),
    ).toEqual({ invocation: null });
    expect(
      await ask("memory", "query ($id: ID!) { memory(id: $id) { id } }", { id: run.memories?.nodes[0]?.id }),
    ).toEqual({
      memory: null,
    });
    expect(
      (await ask("recall", '{ recall(input: { query: "heliotrope secret word" }) { hits { score } } }')).recall.hits,
    ).toEqual([]);
    // Memories of others wait for a proof too.
    expect(await ask("memorySync", "{ memorySync { state waiting } }")).toEqual({
      memorySync: { state: "OFF", waiting: 0 },
    });
    expect(await ask("usage", "{ usage { nodes { key } } }")).toEqual({ usage: { nodes: [] } });
    expect(await ask("budgets", "{ budgets { spent } }")).toEqual({ budgets: [] });
    expect(await ask("viewer", "{ viewer { tenant subject } }")).toEqual({
      viewer: { tenant: "stranger", subject: "user:test" },
    });
    // These say nothing of any tenant.
    expect((await ask("tools", "{ tools { name } }")).tools).not.toEqual([]);
    expect((await ask("modelStatus", "{ modelStatus { profile } }")).modelStatus.profile).toBe("scripted");
    const profiles = (await ask("modelProfiles", "{ modelProfiles { name defaultOf } }")).modelProfiles;
    expect(profiles).toContainEqual({ name: "scripted", defaultOf: ["product"] });
    expect((await ask("policy", "{ policy { policyRevision } }")).policy).not.toBeNull();
    expect((await ask("health", "{ health { status } }")).health.status).toBe("OK");
    const agent = await ask("graph", '{ graph(name: "assistant") { name file } }');
    expect(agent.graph).toEqual({ name: "assistant", file: null });
    expect(await ask("project", "{ project { name } }")).toEqual({ project: null });
    expect(await ask("firstMinutes", "{ firstMinutes { demoRuns { shows } } }")).toEqual({ firstMinutes: null });
  });

  it("on any node, whichever service has it", async () => {
    const [event] = ((await product.client().request("{ auditEvents { nodes { id } } }", {})) as Answer).auditEvents
      .nodes;
    const proof = "query ($id: ID!) { auditProof(eventId: $id) { path } }";
    expect(await ask("auditProof", proof, { id: event.id })).toEqual({ auditProof: null });
    const nodes: [id: string | undefined, field: string][] = [
      [run.id, "... on Run { status }"],
      [run.session.id, "... on Session { createdAt }"],
      [run.steps.nodes[0]?.id, "... on Step { nodeId }"],
      [run.memories?.nodes[0]?.id, "... on Memory { content }"],
      [run.decisions?.nodes[0]?.id, "... on Decision { reason }"],
      [run.invocations?.nodes[0]?.id, "... on Invocation { status }"],
      [event.id, "... on AuditEvent { reason }"],
    ];
    asked.add("node");
    for (const [id, field] of nodes) {
      const query = `query ($id: ID!) { node(id: $id) { ${field} } }`;
      expect((await product.client().request(query, { id })) as Answer, field).toMatchObject({
        node: expect.anything(),
      });
      const { data, errors = [] } = await raw(query, { id });
      expect(data, field).toEqual({ node: null });
      for (const error of errors) expect(error.extensions.code, field).toBe("NOT_FOUND");
    }
  });

  it("on schedules, questions, and the way back in a history", async () => {
    const wanted = { name: "daily", cron: "0 9 * * *", graph: "assistant", input: { text: "hi" }, ...key };
    const create = "mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }";
    const theirs = (await product.client().request(create, { input: wanted })) as Answer;
    const scheduleId = theirs.createSchedule.schedule.id;
    for (const field of ["pauseSchedule", "resumeSchedule", "deleteSchedule"])
      await expect(
        mutate(field, "ScheduleInput", "schedule { id }", { scheduleId, ...key }),
        field,
      ).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await ask("schedules", "{ schedules { id } }")).schedules).toEqual([]);
    // The same key in another tenant is another schedule.
    const own = await mutate("createSchedule", "CreateScheduleInput", "schedule { id }", wanted);
    expect(own.createSchedule.schedule.id).not.toBe(scheduleId);
    const gone = { code: "NOT_FOUND" };
    const hold = "mutation ($input: HoldRunInput!) { holdRun(input: $input) { hold { id } } }";
    const held = (await product.client().request(hold, { input: { runId: run.id, reason: "r", ...key } })) as Answer;
    const fork = { runId: run.id, atSeq: 1, ...key };
    await expect(mutate("forkRun", "ForkRunInput", "run { id }", fork)).rejects.toMatchObject(gone);
    const back = { runId: run.id, toSeq: 1, ...key };
    await expect(mutate("rollbackRun", "RollbackRunInput", "run { id }", back)).rejects.toMatchObject(gone);
    for (const [field, type] of [
      ["holdRun", "HoldRunInput"],
      ["eraseRun", "EraseRunInput"],
      ["releaseHold", "ReleaseHoldInput"],
    ] as const) {
      const about = field === "releaseHold" ? { holdId: held.holdRun.hold.id } : { runId: run.id };
      const asked = mutate(field, type, "__typename", { ...about, reason: "r", ...key });
      await expect(asked, field).rejects.toMatchObject(gone);
    }
    const raise = { scope: "RUN", name: run.id, span: "TOTAL", measure: "MONEY", by: "1", reason: "r", ...key };
    await expect(mutate("raiseBudget", "RaiseBudgetInput", "runs", raise)).rejects.toMatchObject(gone);
    const decision = { approvalId: `${run.id}.1.0`, approve: true, ...key };
    await expect(mutate("decideApproval", "DecideApprovalInput", "run { id }", decision)).rejects.toMatchObject(gone);
    const named = { sessionId: run.session.id, title: "mine", ...key };
    await expect(mutate("renameSession", "RenameSessionInput", "session { id }", named)).rejects.toMatchObject(gone);
    await expect(mutate("killWorker", "KillWorkerInput", "worker { deaths }", key)).rejects.toMatchObject(gone);
    const test = { profile: "scripted", ...key };
    const { testModel } = await mutate("testModel", "TestModelInput", "checks { what ok }", test);
    expect(testModel.checks).toContainEqual({ what: "TEXT", ok: true });
    expect((await ask("graphs", "{ graphs { name } }")).graphs).toContainEqual({ name: "assistant" });
  });

  it("on the dead letters of any service, which are shown to whom they belong", async () => {
    const letterId = newId();
    await withDatabase(product.dataDir, "public", async ({ sql }) => {
      for (const service of ["runs", "tools", "policy", "memory"]) {
        const place = service === "runs" ? sql`${sql("id")}` : sql`bucket, created_at, id`;
        const at = service === "runs" ? sql`1` : sql`0, now(), 1`;
        await sql`insert into ${sql(service)}.outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason, ${place})
          select ${letterId}, tenant, 't', 'k', 'agent.tools.v1', '{}', '{}', 'r', ${at} from runs.run limit 1`;
      }
    });
    for (const name of ["runs", "tools", "policy", "memory"]) {
      const query = `{ ${name}Outbox { deadLetters letters { id } letter(id: "${letterId}") { id } decisions { letterId } } }`;
      const own = (await product.client().request(query, {})) as Answer;
      expect(own[`${name}Outbox`], name).toMatchObject({ letters: [{ id: letterId }], letter: { id: letterId } });
      expect((await ask(`${name}Outbox`, query))[`${name}Outbox`], name).toEqual({
        ...{ deadLetters: 0, letters: [], letter: null, decisions: [] },
      });
      const field = `decide${name.charAt(0).toUpperCase()}${name.slice(1)}Letter`;
      const asked = mutate(field, "DecideLetterInput", "__typename", { letterId, decision: "RETRY", ...key });
      await expect(asked, field).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
  });

  it("on any mutation that names something of the other", async () => {
    const isGone = (...asked: Parameters<typeof mutate>) =>
      expect(mutate(...asked), asked[0]).rejects.toMatchObject({ code: "NOT_FOUND" });
    await isGone("sendMessage", "SendMessageInput", "run { id }", { text: "hi", sessionId: run.session.id, ...key });
    await isGone("startRun", "StartRunInput", "run { id }", {
      graph: "assistant",
      input: { text: "hi" },
      sessionId: run.session.id,
      ...key,
    });
    await isGone("cancelRun", "CancelRunInput", "run { id }", { runId: run.id, ...key });
    for (const field of ["pauseRun", "resumeRun"])
      await isGone(field, "PauseRunInput", "run { id }", { runId: run.id, ...key });
    await isGone("signalRun", "SignalRunInput", "run { id }", { runId: run.id, name: "paid", ...key });
    const [source, target] = run.memories?.nodes ?? [];
    await isGone("link", "LinkInput", "source { id }", {
      sourceId: source?.id,
      targetId: target?.id,
      relation: "steals",
      ...key,
    });
    const all = { which: "ALL", ...key };
    expect(await mutate("requeueMemories", "RequeueMemoriesInput", "requeued", all)).toEqual({
      requeueMemories: { requeued: 0 },
    });
    await expect(mutate("auditMemories", "AuditMemoriesInput", "looked", key)).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    await isGone("cancelInvocation", "CancelInvocationInput", "invocation { id }", {
      invocationId: run.invocations?.nodes[0]?.id,
      ...key,
    });
    const decided = await mutate("decide", "DecideInput", "token decision { id }", {
      tool: "clock",
      toolVersion: "1",
      risk: "LOW",
      args: {},
      role: "assistant",
      runId: run.id,
      ...key,
    });
    await expect(
      mutate("invokeTool", "InvokeToolInput", "invocation { status }", {
        tool: "clock",
        args: { timezone: "UTC" },
        decisionToken: decided.decide.token,
        ...key,
      }),
    ).rejects.toMatchObject({ code: "DECISION_INVALID" });
    const remembered = await mutate("remember", "RememberInput", "memory { id }", {
      sessionId: run.session.id,
      role: "USER",
      kind: "MESSAGE",
      content: "x",
      at: new Date().toISOString(),
      runId: run.id,
      ...key,
    });
    // An order to forget what another has takes nothing, and its receipt is the stranger's own.
    const memoryId = run.memories?.nodes[0]?.id;
    const { forgetMemory } = await mutate("forgetMemory", "ForgetMemoryInput", "forgotten { id memories }", {
      memoryId,
      reason: "r",
      ...key,
    });
    expect(forgetMemory.forgotten.memories).toBe(0);
    const forgotten = "query ($id: ID!) { forgotten(id: $id) { memories } }";
    const receipt = { id: forgetMemory.forgotten.id };
    expect((await ask("forgotten", forgotten, receipt)).forgotten).toEqual({ memories: 0 });
    expect(await product.client().request(forgotten, receipt)).toEqual({ forgotten: null });
    // What the stranger wrote may name the other's run; it leads nowhere.
    const document = `query ($decision: ID!, $memory: ID!) { decision(id: $decision) { run { status } } memory(id: $memory) { run { status } session { createdAt } } }`;
    const { data } = await raw(document, {
      decision: decided.decide.decision.id,
      memory: remembered.remember.memory.id,
    });
    expect(data).toEqual({ decision: { run: null }, memory: { run: null, session: null } });
    expect(
      (await product
        .client()
        .request(`query ($id: ID!) { run(id: $id) { memories { nodes { id } } } }`, { id: run.id })) as Answer,
    ).toEqual({
      run: { memories: { nodes: run.memories?.nodes.map(({ id }) => ({ id })) } },
    });
  });

  it("on any subscription", async () => {
    const client = createClient({
      url: product.socketUrl(),
      retryAttempts: 0,
      connectionParams: { token: await token() },
    });
    const first = async (field: string, query: string, variables: Record<string, unknown>): Promise<unknown> => {
      asked.add(field);
      return client
        .iterate({ query, variables })
        .next()
        .catch((error: unknown) => error);
    };
    const events = await first(
      "runEvents",
      "subscription ($id: ID!) { runEvents(runId: $id, afterSeq: 0) { __typename } }",
      { id: run.id },
    );
    expect(events).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    const output = await first(
      "toolOutput",
      "subscription ($id: ID!) { toolOutput(invocationId: $id) { __typename } }",
      { id: run.invocations?.nodes[0]?.id },
    );
    expect(output).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    await client.dispose();
  });

  it("on every root field there is: a new one must be added here", async () => {
    const schema = buildSchema(await readFile(new URL("../../../graphql/schema.graphql", import.meta.url), "utf8"));
    const fields = (type: GraphQLObjectType | null | undefined): string[] => Object.keys(type?.getFields() ?? {});
    const all = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(fields);
    expect([...asked].toSorted()).toEqual(all.toSorted());
  });

  it("and nobody without a token sees anything", async () => {
    const response = await fetch(`${product.url()}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ tools { name } }" }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: "UNAUTHENTICATED", retryable: false } }],
    });
  });
});
