import { request } from "node:http";
import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";

const RESPONSE = "application/graphql-response+json";
const PAGE = "https://app.example.com";

describe.each(RUNTIMES)("serveGraphql() on %s", (on) => {
  let lab: Lab;
  let authorization: string;
  beforeAll(async () => {
    lab = await createLab({}, { on, corsOrigins: [PAGE], hosts: ["soma.example.com"] });
    authorization = `Bearer ${await lab.token()}`;
  });
  afterAll(() => lab.close());

  const audits = serverAudits({
    url: () => `${lab.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...init.headers, authorization } }),
  });

  it("is asked all there is in the public audit", () => expect(audits.length).toBeGreaterThanOrEqual(61));

  it.each(audits.map(({ id, name, fn }) => [id, name, fn] as const))("passes audit %s: %s", async (_id, _name, fn) => {
    expect(await fn()).toMatchObject({ status: "ok" });
  });

  async function get(parameters: Record<string, string>, headers: Record<string, string> = {}) {
    const url = `${lab.url}/graphql?${new URLSearchParams(parameters)}`;
    const response = await fetch(url, { headers: { authorization, ...headers } });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  it("answers a query by GET, with variables, the operation's name and a cookie", async () => {
    const query = "query A { __typename } query B($id: ID!) { run(id: $id) { title } }";
    const variables = JSON.stringify({ id: "7" });
    const { status, headers, body } = await get({ query, operationName: "B", variables, extensions: "{}" });
    expect([status, body]).toEqual([200, { data: { run: { title: "Run 7" } } }]);
    expect([headers.get("content-type"), headers.get("cache-control")]).toEqual([
      "application/json; charset=utf-8",
      "no-store",
    ]);
    const cookie = `soma_session=${authorization.slice(7)}`;
    const byCookie = await fetch(`${lab.url}/graphql?query={__typename}&variables=`, { headers: { cookie } });
    expect(await byCookie.json()).toEqual({ data: { __typename: "Query" } });
  });

  it.each(["application/json", RESPONSE])("changes nothing by GET for those who take %s", async (accept) => {
    const { status, headers, body } = await get({ query: 'mutation { addRun(title: "by GET") { id } }' }, { accept });
    expect([status, headers.get("allow"), body.errors[0].extensions.code]).toEqual([405, "POST", "BAD_INPUT"]);
    expect([...lab.state.titles.values()]).not.toContain("by GET");
  });

  it.each([
    [{ variables: "[1]" }, '"variables" is not an object'],
    [{ variables: "{" }, "the parameter variables is not JSON"],
    [{ extensions: "5" }, '"extensions" is not an object'],
    [{ operationName: "X" }, 'the document has no operation "X"; it has (no name)'],
    [{ query: "subscription { flood(count: 1) { seq } }" }, /^a subscription is served over a WebSocket/],
  ])("refuses %j by GET", async (parameters, message) => {
    const { status, body } = await get({ query: "{ __typename }", ...parameters }, { accept: RESPONSE });
    expect([status, body.errors[0].message]).toEqual([
      400,
      typeof message === "string" ? message : expect.stringMatching(message),
    ]);
  });

  it("says in the status what came of it to those who take the newer type, and 200 to the others", async () => {
    const cases: [string, number][] = [
      ["{ __typename }", 200],
      ['{ fails(code: "NOT_FOUND") }', 294],
      ["{ crashes }", 294],
      ["{ nothing }", 400],
    ];
    for (const [query, status] of cases) {
      const newer = await lab.post({ query }, { authorization, accept: RESPONSE });
      expect([query, newer.status, newer.headers.get("content-type")]).toEqual([
        query,
        status,
        `${RESPONSE}; charset=utf-8`,
      ]);
      expect((await lab.post({ query }, { authorization, accept: "application/json" })).status).toBe(200);
    }
    const nobody = await lab.post({ query: "{ __typename }" }, { accept: RESPONSE });
    expect([nobody.status, nobody.headers.get("content-type")]).toEqual([401, `${RESPONSE}; charset=utf-8`]);
    expect((await lab.post({ query: "{ __typename }" }, { authorization, accept: "text/html" })).status).toBe(406);
  });

  it.each(["bearer", "BEARER", "Bearer "])("takes a token after %j", async (scheme) => {
    const { status } = await lab.post(
      { query: "{ __typename }" },
      { authorization: authorization.replace("Bearer", scheme) },
    );
    expect(status).toBe(200);
  });

  it("takes the token of a WebSocket from wherever clients put it, and no other scheme", async () => {
    const token = authorization.slice(7);
    const places = [{ token }, { authorization }, { Authorization: `bearer ${token}` }, { headers: { authorization } }];
    for (const init of places) {
      const socket = await lab.openSocket({ init });
      expect(socket.messages).toMatchObject([{ type: "connection_ack" }]);
      socket.close();
    }
    for (const init of [{ authorization: token }, { authorization: `Basic ${token}` }, { headers: "x" }, {}]) {
      const socket = await lab.openSocket({ init });
      expect((await socket.closed).code).toBe(4401);
    }
  });

  it("lets pages of listed origins ask, after a preflight, and no others", async () => {
    const ask = (origin: string, init: RequestInit = {}) =>
      fetch(`${lab.url}/graphql?query={__typename}`, {
        ...init,
        headers: { authorization, origin, "access-control-request-method": "POST" },
      });
    const preflight = await ask(PAGE, { method: "OPTIONS" });
    expect([preflight.status, Object.fromEntries(preflight.headers)]).toMatchObject([
      204,
      {
        "access-control-allow-origin": PAGE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": expect.stringContaining("authorization, content-type"),
        vary: "Origin",
      },
    ]);
    const allowed = await ask(PAGE);
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, PAGE]);
    expect(allowed.headers.get("access-control-expose-headers")).toContain("x-request-id");
    for (const origin of ["https://evil.test", "null", `${PAGE}.evil.test`])
      for (const method of ["OPTIONS", "GET"]) {
        const refused = await ask(origin, { method });
        expect([
          refused.status,
          refused.headers.get("access-control-allow-origin"),
          refused.headers.get("vary"),
        ]).toEqual([403, null, "Origin"]);
      }
    const socket = await lab.openSocket({ headers: { origin: PAGE } });
    expect(socket.messages).toMatchObject([{ type: "connection_ack" }]);
    socket.close();
    await expect(lab.openSocket({ headers: { origin: "https://evil.test" } })).rejects.toThrow("403");
  });

  it("is closed to every other origin unless some are listed", async () => {
    const closed = await createLab({}, { on });
    const response = await fetch(`${closed.url}/graphql`, {
      method: "OPTIONS",
      headers: { origin: PAGE, "access-control-request-method": "POST" },
    });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    await closed.close();
  });

  function statusFor(host: string, path = "/healthz"): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      request(`${lab.url}${path}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  }

  it("serves this machine's names and those listed, and refuses a name that was made to point here", async () => {
    for (const host of ["localhost:4700", "127.0.0.1", "soma.example.com"]) expect(await statusFor(host)).toBe(200);
    for (const path of ["/healthz", "/graphql?query={__typename}", "/auth/me", "/"])
      expect([path, await statusFor("evil.test:4700", path)]).toEqual([path, 421]);
    await expect(lab.openSocket({ headers: { host: "evil.test" } })).rejects.toThrow("421");
  });

  it("answers clients that offer HTTP/2 in passing as if they did not", async () => {
    const headers = { "content-type": "application/json", connection: "Upgrade, HTTP2-Settings", upgrade: "h2c" };
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request(`${lab.url}/graphql`, { method: "POST", headers: { ...headers, authorization } });
      asked.on("error", reject).on("response", (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk))).on("end", () => resolve(text));
      });
      asked.end(JSON.stringify({ query: "{ __typename }" }));
    });
    expect(JSON.parse(body)).toEqual({ data: { __typename: "Query" } });
  });

  it("does not tell names of a schema that may not be asked for", async () => {
    const secret = await createLab({}, { on, introspection: false });
    const { errors } = await secret.post({ query: "{ __schema { types { name } } }" });
    expect(errors[0].message).toContain("introspection");
    const typo = await secret.post({ query: "{ crashe }" });
    expect(typo.errors[0].message).toBe('Cannot query field "crashe" on type "Query".');
    const query = "query ($order: Order) { page(order: $order) { id } }";
    const guess = await secret.post({ query, variables: { order: "OLDES" } });
    expect(guess.errors[0].message).toBe(
      'Variable "$order" got invalid value "OLDES"; Value "OLDES" does not exist in "Order" enum.',
    );
    await secret.close();
  });
});
