import { until } from "@soma/shared/testing/until";
import { getIntrospectionQuery, getNamedType, introspectionTypes, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES } from "./testing/lab.ts";

/** Where each type of the introspection is found. */
const INTROSPECTED: Record<string, (fields: string) => string> = {
  __Schema: (fields) => `{ __schema { ${fields} } }`,
  __Directive: (fields) => `{ __schema { directives { ${fields} } } }`,
  __InputValue: (fields) => `{ __schema { directives { args { ${fields} } } } }`,
  __Type: (fields) => `{ __type(name: "Run") { ${fields} } }`,
  __Field: (fields) => `{ __type(name: "Run") { fields { ${fields} } } }`,
  __EnumValue: (fields) => `{ __type(name: "Order") { enumValues { ${fields} } } }`,
};

describe.each(RUNTIMES)("createGateway() over HTTP on %s", (on) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ subgraphMs: 300 }, { on });
  });
  afterAll(() => lab.close());

  it("answers one query from two subgraphs", async () => {
    const { status, data, errors } = await lab.post({
      query: "query ($id: ID!) { run(id: $id) { title parent { title invocations } invocations } }",
      variables: { id: "7" },
    });
    expect(errors).toEqual([]);
    expect(status).toBe(200);
    expect(data).toEqual({
      run: { title: "Run 7", parent: { title: "Run 7p", invocations: ["call of 7p"] }, invocations: ["call of 7"] },
    });
  });

  it("runs a mutation and reads its result from both subgraphs", async () => {
    const { data } = await lab.post({ query: 'mutation { addRun(title: "Made here") { id title invocations } }' });
    expect(data.addRun).toMatchObject({ title: "Made here", invocations: [`call of ${data.addRun.id}`] });
    expect(lab.state.titles.get(data.addRun.id)).toBe("Made here");
  });

  it("forwards who asks, the request id and the trace, and nothing else", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const authorization = `Bearer ${await lab.token({ subject: "user:eve" })}`;
    const { headers } = await lab.post(
      { query: '{ run(id: "1") { title } }' },
      { authorization, "x-request-id": "mine-1", traceparent: `00-${traceId}-00f067aa0ba902b7-01`, "x-secret": "no" },
    );
    expect(headers.get("x-request-id")).toBe("mine-1");
    expect(headers.get("x-trace-id")).toBe(traceId);
    expect(lab.state.seen.at(-1)).toMatchObject({ subject: "user:eve", requestId: "mine-1" });
  });

  it("replaces a request id that is not harmless in a log", async () => {
    const authorization = `Bearer ${await lab.token()}`;
    const { headers } = await lab.post({ query: "{ __typename }" }, { authorization, "x-request-id": "<b>" });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("keeps code and message of a subgraph's error and drops what is the subgraph's own", async () => {
    const { status, data, errors } = await lab.post({
      query: '{ runs(count: 1) { title refused } fails(code: "NOT_FOUND") }',
    });
    expect(status).toBe(200);
    expect(data).toEqual({ runs: [{ title: "Run 1", refused: null }], fails: null });
    expect(errors.map((error) => [error.path, error.extensions.code])).toEqual(
      expect.arrayContaining([
        [["runs", 0, "refused"], "FORBIDDEN"],
        [["fails"], "NOT_FOUND"],
      ]),
    );
    for (const error of errors) expect(Object.keys(error.extensions).sort()).toEqual(["code", "retryable", "traceId"]);
  });

  it("masks what nobody expected", async () => {
    const { data, errors } = await lab.post({ query: "{ crashes }" });
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0].extensions).toMatchObject({
      code: "INTERNAL",
      retryable: false,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(JSON.stringify(errors)).not.toContain("secret");
  });

  it("gives up a subgraph that does not answer in time, and says which", async () => {
    const { data, errors } = await lab.post({ query: '{ slow(ms: 5000) run(id: "1") { title } }' });
    expect(data).toEqual({ slow: null, run: { title: "Run 1" } });
    expect(errors).toMatchObject([
      { message: "the tools service did not answer within 300 ms", extensions: { code: "TIMEOUT", retryable: true } },
    ]);
  });

  it("passes JSON variables through unchanged", async () => {
    const value = { list: [1, { deep: null }], text: "ä\u0000" };
    const { data } = await lab.post({ query: "query ($value: JSON) { echo(value: $value) }", variables: { value } });
    expect(data.echo).toEqual(value);
  });

  it("answers the introspection query that tools send", async () => {
    const { data, errors } = await lab.post({
      query: getIntrospectionQuery({
        descriptions: true,
        inputValueDeprecation: true,
        oneOf: true,
        schemaDescription: true,
        specifiedByUrl: true,
      }),
    });
    expect(errors).toEqual([]);
    expect(data.__schema.subscriptionType.name).toBe("Subscription");
    const mixed = await lab.post({ query: '{ __type(name: "Run") { isOneOf } run(id: "1") { title } }' });
    expect([mixed.data, mixed.errors]).toEqual([{ __type: { isOneOf: null }, run: { title: "Run 1" } }, []]);
  });

  it.each(introspectionTypes.filter(isObjectType))(
    "answers with every field of %s, however new it is",
    async (type) => {
      const fields = Object.values(type.getFields()).map((field) => {
        const given = field.args.map(({ name }) => `${name}: true`).join(" ");
        const inner = isObjectType(getNamedType(field.type)) ? "{ __typename }" : "";
        return `${field.name}${given === "" ? "" : `(${given})`} ${inner}`;
      });
      const { data, errors } = await lab.post({ query: INTROSPECTED[type.name]?.(fields.join(" ")) });
      expect([Object.keys(data).length, errors]).toEqual([1, []]);
    },
  );

  it("refuses callers without a token, with a broken one, and with an expired one", async () => {
    const expired = await lab.token({}, -60);
    const byHeaders = [
      {},
      { authorization: "Bearer nonsense" },
      { authorization: `Bearer ${expired}` },
      { cookie: "soma_session=nonsense" },
    ];
    for (const headers of byHeaders) {
      const { status, data, errors } = await lab.post({ query: "{ __typename }" }, headers as Record<string, string>);
      expect(status).toBe(401);
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED", retryable: false } }]);
    }
  });

  it("lets nobody ask a subgraph directly, not even with a token of a user", async () => {
    const response = await fetch(lab.subgraphUrls.runs, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await lab.token()}` },
      body: JSON.stringify({ query: '{ run(id: "1") { title } }' }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });

  it("explains a bare GET /graphql, other methods and unknown routes", async () => {
    const get = await fetch(`${lab.url}/graphql`);
    expect(get.status).toBe(400);
    expect(await get.text()).toContain("graphql-transport-ws");
    const put = await fetch(`${lab.url}/graphql`, { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST"]);
    expect((await fetch(`${lab.url}/nowhere`, { method: "PUT" })).status).toBe(404);
  });

  it("serves health and readiness, which names the subgraph that is gone and no address", async () => {
    expect(await (await fetch(`${lab.url}/healthz`)).text()).toBe("ok\n");
    expect((await fetch(`${lab.url}/readyz`)).status).toBe(200);
    await lab.stopRuns();
    const response = await until("it is found out", async () => {
      const asked = await fetch(`${lab.url}/readyz`);
      return asked.status === 503 && asked;
    });
    expect(await response.json()).toEqual({ ready: false, reasons: { runs: "cannot be reached" } });
    const { errors } = await lab.post({ query: '{ run(id: "1") { title } }' });
    expect(errors).toMatchObject([
      { message: "the runs service cannot be reached", extensions: { code: "UNAVAILABLE", retryable: true } },
    ]);
    await lab.startRuns();
    await until("runs is ready again", async () => (await fetch(`${lab.url}/readyz`)).ok);
  });

  it.each(["gateway", "subgraph"])(
    "tells no metrics on the public port of a %s, not even to who has signed in",
    async (of) => {
      const url = new URL("/metrics", of === "gateway" ? lab.url : lab.subgraphUrls.runs);
      const response = await fetch(url, { headers: { authorization: `Bearer ${await lab.token()}` } });
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("SOMA_METRICS_PORT")]);
    },
  );
});

describe.each(RUNTIMES)("createGateway() answers on %s", (on) => {
  it("refuses new operations while it drains and lets those under way finish", async () => {
    const lab = await createLab({}, { on });
    const slow = lab.post({ query: "{ slow(ms: 300) }" });
    await until("the operation is under way", async () => (await lab.load()).operations === 1);
    const closing = lab.closeGateway();
    const late = await lab.post({ query: "{ __typename }" });
    expect([late.status, late.errors[0].extensions]).toMatchObject([503, { code: "SERVER_DRAINING", retryable: true }]);
    expect((await fetch(`${lab.url}/readyz`)).status).toBe(503);
    expect((await slow).data).toEqual({ slow: "at last" });
    await closing;
    await lab.close();
  });

  it("gives up a query whose subgraphs answer one after the other for too long, and asks none of them after that", async () => {
    const lab = await createLab({ queryMs: 150 }, { on });
    const { data, errors } = await lab.post({ query: '{ slow(ms: 400) run(id: "1") { title } }' });
    expect(data).toEqual({ slow: null, run: { title: "Run 1" } });
    expect(errors).toMatchObject([
      { message: "the operation took longer than 150 ms", extensions: { code: "TIMEOUT", retryable: true } },
    ]);
    const asked = lab.state.seen.length;
    const late = await lab.post({ query: "{ late(ms: 300) { title invocations } }" });
    expect(late.errors[0].extensions.code).toBe("TIMEOUT");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(lab.state.seen.length).toBe(asked);
    await lab.close();
  });

  it("refuses what a caller asks beyond its share, says when to come again, and serves everybody else", async () => {
    const lab = await createLab({ operationsPerCaller: 2, allowance: 60, allowancePerSecond: 1 }, { on });
    const slow = [lab.post({ query: "{ slow(ms: 500) }" }), lab.post({ query: "{ slow(ms: 500) }" })];
    await until("both are under way", async () => (await lab.load()).operations === 2);
    const third = await lab.post({ query: "{ __typename }" });
    expect([third.status, third.headers.get("retry-after"), third.errors[0].extensions]).toMatchObject([
      429,
      "1",
      { code: "LIMIT_EXCEEDED", retryable: true, retryAfterMs: 250 },
    ]);
    const eve = { authorization: `Bearer ${await lab.token({ subject: "user:eve" })}` };
    expect((await lab.post({ query: "{ __typename }" }, eve)).status).toBe(200);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
    let answer = await lab.post({ query: "{ __typename }" });
    for (let i = 0; i < 60 && answer.status === 200; i += 1) answer = await lab.post({ query: "{ __typename }" });
    expect([answer.status, answer.errors[0].extensions.code]).toEqual([429, "LIMIT_EXCEEDED"]);
    expect(answer.errors[0].extensions.retryAfterMs).toBeGreaterThan(0);
    expect((await lab.post({ query: "{ __typename }" }, eve)).status).toBe(200);
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: { query: "{ __typename }" } });
    await until("it is refused", () => socket.messages.some(({ type }) => type === "error"));
    expect(socket.messages.at(-1)?.payload).toMatchObject([{ extensions: { retryAfterMs: expect.any(Number) } }]);
    socket.close();
    await lab.close();
  });
});

describe("createGateway()", () => {
  it("does not blame the caller when a subgraph refuses the gateway's own token", async () => {
    const lab = await createLab({}, { inProcess: { options: { sign: async () => "not a token" } } });
    const { errors } = await lab.post({ query: '{ run(id: "1") { title } }' });
    expect(errors).toMatchObject([{ path: ["run"], extensions: { code: "UNAVAILABLE", retryable: true } }]);
    expect(JSON.stringify(errors)).not.toContain("SOMA_INTERNAL");
    expect(JSON.stringify((await lab.seen()).logged)).toContain("SOMA_INTERNAL_SIGNING_KEY");
    await lab.close();
  });
});
