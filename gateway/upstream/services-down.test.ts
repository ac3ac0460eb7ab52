import { readFile } from "node:fs/promises";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createLog } from "@soma/shared/log";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { buildSchema } from "graphql";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createGateway, type Gateway } from "../app.ts";
import { createDevIdentity } from "../ground/dev-identity.ts";
import { createMockServices, jsonAnswer, type MockServices } from "../testing/mock-services.ts";
import { askEverything, findSurvivors, readOwners, SERVICES } from "../testing/whole-graph.ts";
import type { SubgraphAnswer } from "./send.ts";

const supergraphSdl = await readFile(new URL("../../graphql/supergraph.graphql", import.meta.url), "utf8");
const owners = readOwners(supergraphSdl);
const apiSchema = buildSchema(await readFile(new URL("../../graphql/schema.graphql", import.meta.url), "utf8"));
const GENEROUS = {
  tokens: 1e6,
  selections: 1e6,
  directives: 1e6,
  fieldPairs: 1e9,
  depth: 50,
  aliases: 1e3,
  rootFields: 1e3,
  mutationsPerRequest: 1e3,
  cost: 1e9,
  allowance: 1e9,
  subgraphMs: 300,
  bodyBytes: 1e7,
};

// biome-ignore lint/suspicious/noExplicitAny: answers of generated documents
type Answer = { data: any; errors?: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[] };

describe("a service that is down", () => {
  let services: MockServices;
  let gateway: Gateway;
  let token: string;
  const logged: Record<string, unknown>[] = [];
  beforeAll(async () => {
    const [internal, user] = await Promise.all([createKeys(), createKeys()]);
    services = await createMockServices();
    const identity = createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
    token = await identity.issueAccessToken(aPrincipal(), 600);
    gateway = createGateway({
      supergraphSdl,
      urls: services.urls,
      identity,
      signInCommand: "npx soma signin",
      sign: createPrincipalSigner(internal.privateKey, "soma-gateway"),
      readStatic: async () => undefined,
      log: createLog({
        level: "info",
        service: "test",
        destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
      }),
      limits: GENEROUS,
      send: services.send,
    });
  });
  afterEach(() => {
    for (const name of SERVICES) services.fail(name, undefined);
    logged.length = 0;
  });

  async function ask(query: string): Promise<Answer> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const request = new Request("http://localhost/graphql", {
      method: "POST",
      headers,
      body: JSON.stringify({ query }),
    });
    return (await gateway.fetch(request)).json() as Promise<Answer>;
  }
  const refuse = (): Promise<SubgraphAnswer> => Promise.reject(new Error("connect ECONNREFUSED"));

  describe.each(["query", "mutation"] as const)("beside everything that a %s can ask", (kind) => {
    const document = askEverything(apiSchema, kind);

    it("is asked for, each field of every service, and answers", async () => {
      const whole = await ask(document);
      expect(whole.errors).toBeUndefined();
      expect(new Set(findSurvivors(whole.data, owners).map(({ owner }) => owner))).toEqual(new Set(SERVICES));
    });

    it.each(SERVICES)("costs its own fields when it is %s, each with a code and a path, and no other", async (down) => {
      const whole = await ask(document);
      const others = findSurvivors(whole.data, owners, down);
      services.fail(down, refuse);
      const { data, errors = [] } = await ask(document);
      const left = findSurvivors(data, owners, down);
      expect(left.map(({ place }) => place)).toEqual(others.map(({ place }) => place));
      expect(errors.length).toBeGreaterThan(0);
      for (const { path, extensions } of errors) {
        expect(extensions).toMatchObject({ code: "UNAVAILABLE", retryable: true, traceId: expect.any(String) });
        expect(path?.length, JSON.stringify(path)).toBeGreaterThan(0);
      }
    });
  });

  const BESIDE =
    '{ tools { name } run(id: "1") { id graph memories { nodes { content } } } memory(id: "2") { content } }';
  const memoryIs = (how: () => Promise<SubgraphAnswer> | SubgraphAnswer) => services.fail("memory", async () => how());
  const UNAVAILABLE = { code: "UNAVAILABLE", retryable: true };
  const oddly =
    (body: unknown, status = 200, headers = {}) =>
    () =>
      jsonAnswer(body, status, headers);
  it.each<[string, () => Promise<SubgraphAnswer> | SubgraphAnswer, Record<string, unknown>]>([
    ["says nothing", () => new Promise(() => {}), { code: "TIMEOUT", retryable: true }],
    [
      "has too much to do",
      oddly({}, 429, { "retry-after": "7" }),
      { code: "LIMIT_EXCEEDED", retryable: true, retryAfterMs: 7_000 },
    ],
    [
      "has too much to do and does not say how long",
      oddly("busy", 429, { "content-type": "text/plain" }),
      { code: "LIMIT_EXCEEDED", retryAfterMs: 1_000 },
    ],
    [
      "refuses our token",
      oddly({ errors: [{ message: "no", extensions: { code: "UNAUTHENTICATED" } }] }, 401),
      UNAVAILABLE,
    ],
    ["is behind a proxy that forbids", oddly("<html>", 403, { "content-type": "text/html" }), UNAVAILABLE],
    ["answers 502 with a page", oddly("<html>", 502, { "content-type": "text/html" }), UNAVAILABLE],
    ["answers 500 with an unknown error", oddly({ errors: [{ message: "oops" }] }, 500), UNAVAILABLE],
    ["answers 200 with a page", oddly("<html>", 200, { "content-type": "text/html" }), UNAVAILABLE],
    ["calls JSON text", oddly({ data: {} }, 200, { "content-type": "text/plain" }), UNAVAILABLE],
    ["answers half a JSON", oddly('{"data":{"memory"'), UNAVAILABLE],
    ["answers nothing", oddly(""), UNAVAILABLE],
    ["answers null", oddly("null"), UNAVAILABLE],
    ["answers a list", oddly([]), UNAVAILABLE],
    ["answers no data", oddly({}), UNAVAILABLE],
    ["answers data that is a text", oddly({ data: "x" }), UNAVAILABLE],
    ["answers errors that are none", oddly({ errors: ["x"], data: null }), UNAVAILABLE],
    ["sends us elsewhere", oddly("", 302, { location: "http://elsewhere.test" }), UNAVAILABLE],
    [
      "fails as a whole with a code of ours",
      oddly({ errors: [{ message: "stopping", extensions: { code: "SERVER_DRAINING" } }] }, 503),
      { code: "SERVER_DRAINING", retryable: true },
    ],
    [
      "fails as a whole without a code",
      oddly({ errors: [{ message: "secret" }] }),
      { code: "INTERNAL", retryable: false },
    ],
  ])("that %s costs its own fields, with what can be done about it", async (_name, how, extensions) => {
    memoryIs(how);
    const { data, errors = [] } = await ask(BESIDE);
    expect(data).toEqual({
      tools: [{ name: "tools" }, { name: "tools" }],
      run: { id: "runs", graph: "runs", memories: null },
      memory: null,
    });
    expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining([["memory"], ["run"]]));
    for (const error of errors) expect(error.extensions).toMatchObject(extensions);
    expect(JSON.stringify(errors)).not.toContain("secret");
  });

  it.each([
    "query ($x: Boolean = false) { tools { name } memory(id: 2) { content } other: memory(id: 3) @skip(if: $x) { content } }",
    "query ($x: Boolean! = true) { tools { name } memory(id: 2) { content } ... @include(if: $x) { other: memory(id: 3) { content } } }",
  ])("costs its own fields when a condition is left to its default: %s", async (query) => {
    memoryIs(refuse);
    const { data, errors = [] } = await ask(query);
    expect(data).toEqual({ tools: [{ name: "tools" }, { name: "tools" }], memory: null, other: null });
    expect(errors.map(({ path }) => path)).toEqual([["memory"], ["other"]]);
    for (const error of errors) expect(error.extensions).toMatchObject(UNAVAILABLE);
  });

  it("that refuses our token is logged for its operator", async () => {
    memoryIs(oddly({}, 401));
    await ask(BESIDE);
    expect(logged).toContainEqual(expect.objectContaining({ level: 50, subgraph: "memory" }));
  });
});
