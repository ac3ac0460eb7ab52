import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDeno } from "@soma/local/find-deno";
import { startTestRedis } from "@soma/local/test-redis";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createDevIdentity } from "./ground/dev-identity.ts";
import { openBareSocket } from "./testing/bare-socket.ts";
import { ISSUED_BY, startIssuer } from "./testing/issuer.ts";

const START = fileURLToPath(new URL("../infra/local/start-deno.ts", import.meta.url));
const PAGE = "https://app.example.com";
const SLOW = { query: '{ decision(id: "decision_1") { id } }' };

describe("npm run start:deno", () => {
  let folder: string;
  let policy: Server;
  let env: Record<string, string>;
  let token: string;
  /** Requests that wait for the subgraph `policy`. */
  const waiting: (() => void)[] = [];
  const started: ChildProcess[] = [];
  beforeAll(async () => {
    // It is started with its settings alone, and npm may need more than these to fetch Deno.
    await findDeno();
    const [internal, user] = await Promise.all([createKeys(), createKeys()]);
    const identity = createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
    token = await identity.issueAccessToken(aPrincipal(), 600);
    folder = await mkdtemp(join(tmpdir(), "soma-page-"));
    await writeFile(join(folder, "index.html"), "<title>The page</title>");
    policy = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json");
      if (request.method === "GET") return response.end("{}");
      waiting.push(() => response.end('{"data":{"decision":null}}'));
    });
    await new Promise<void>((resolve) => policy.listen(0, "127.0.0.1", resolve));
    env = {
      SOMA_INTERNAL_SIGNING_KEY: JSON.stringify(internal.privateKey),
      SOMA_USER_VERIFY_KEY: JSON.stringify(user.publicKey),
      SOMA_WEBUI_DIR: folder,
      SOMA_CORS_ORIGINS: PAGE,
      SOMA_SUBGRAPH_POLICY_URL: `http://localhost:${(policy.address() as AddressInfo).port}/graphql`,
    };
    for (const name of ["RUNS", "MEMORY", "TOOLS"]) env[`SOMA_SUBGRAPH_${name}_URL`] = "http://127.0.0.1:9/graphql";
  });
  afterEach(async () => {
    // It ends what it started; killed, it could not.
    const ends = started.splice(0).map((child) => child.kill("SIGTERM") && once(child, "exit"));
    await Promise.all(ends);
  });
  afterAll(async () => {
    policy.close();
    await rm(folder, { recursive: true });
  });

  /** Starts it on a free port, and gives what it prints and its end. */
  async function begin(settings: Record<string, string>) {
    const child = spawn(process.execPath, [START], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.push(child);
    const printed = { text: "" };
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        printed.text += String(chunk);
      });
    return { child, printed, ended: once(child, "exit") };
  }

  async function start(settings: Record<string, string> = {}) {
    const port = await freePort();
    const process = await begin({ ...env, SOMA_GATEWAY_PORT: String(port), ...settings });
    const metricsUrl = await until(
      "it serves its metrics",
      () => {
        if (process.child.exitCode !== null) throw new Error(process.printed.text);
        return /"url":"([^"]+\/metrics)"/.exec(process.printed.text)?.[1];
      },
      15_000,
    );
    const url = `http://127.0.0.1:${port}`;
    const post = (payload: unknown) =>
      fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(payload),
      });
    return { ...process, url, metricsUrl, post };
  }

  it("serves the product's graph, its page, sign-in, readiness and metrics", async () => {
    const { url, metricsUrl, post, printed } = await start({ SOMA_BIND_HOST: "localhost" });
    expect(printed.text).toContain(`--allow-net=${new URL(url).host},127.0.0.1:0,`);
    const reasons = Object.fromEntries(["memory", "runs", "tools"].map((name) => [name, "cannot be reached"]));
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons }]);
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, "<title>The page</title>"]);
    expect((await fetch(url, { headers: { "if-none-match": page.headers.get("etag") ?? "" } })).status).toBe(304);
    expect(
      await (await fetch(`${url}/auth/me`, { headers: { cookie: `soma_session=${token}` } })).json(),
    ).toMatchObject({
      subject: aPrincipal().subject,
    });
    expect(await (await post({ query: "{ __typename }" })).json()).toEqual({ data: { __typename: "Query" } });
    const crossing = (origin: string) =>
      fetch(`${url}/graphql`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
    expect([(await crossing(PAGE)).status, (await crossing("https://evil.test")).status]).toEqual([204, 403]);
    const metrics = await (await fetch(metricsUrl)).text();
    expect(metrics).toMatch(
      /^http_server_request_duration_seconds_count\{service="gateway",route="\/graphql",status="200"\} 1$/m,
    );
    expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(50_000_000);
    expect(metrics).not.toContain("process_open_fds");
  });

  it("ends at SIGTERM with 0: what is under way is answered, and connections are told to come again", async () => {
    const { url, post, child, ended } = await start();
    const socket = await openBareSocket(`${url.replace("http", "ws")}/graphql`, { token }, {});
    const slow = post(SLOW);
    const answer = await until("it is asked", () => waiting.pop());
    child.kill("SIGTERM");
    expect(await socket.closed).toMatchObject({ code: 1012 });
    expect((await post(SLOW)).status).toBe(503);
    answer();
    expect(await (await slow).json()).toEqual({ data: { decision: null } });
    expect(await ended).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("counts what callers have in the Redis it is given", async () => {
    const redis = await startTestRedis();
    const client = new Redis(redis.url);
    try {
      const { post } = await start({ SOMA_GATEWAY_REDIS_URL: redis.url.replace("127.0.0.1", "localhost") });
      const before = await client.dbsize();
      expect((await post({ query: "{ __typename }" })).status).toBe(200);
      expect(await client.dbsize()).toBeGreaterThan(before);
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  it("knows callers by an issuer elsewhere, and follows the files of keys and of what is revoked", async () => {
    const issuer = await startIssuer();
    const [signing, revoked] = [join(folder, "internal-private.json"), join(folder, "revoked.json")];
    await writeFile(signing, JSON.stringify({ keys: [(await createKeys()).privateKey] }));
    await writeFile(revoked, "{}");
    try {
      const { url } = await start({
        SOMA_INTERNAL_SIGNING_KEY: "",
        SOMA_INTERNAL_SIGNING_KEY_FILE: signing,
        SOMA_USER_VERIFY_KEY: "",
        SOMA_OIDC_JWKS_URL: issuer.url.replace("127.0.0.1", "localhost"),
        SOMA_OIDC_ISSUER: ISSUED_BY,
        SOMA_OIDC_AUDIENCE: "soma",
        SOMA_REVOKED_FILE: revoked,
      });
      const ask = async (bearer: string) =>
        (await fetch(`${url}/auth/me`, { headers: { authorization: `Bearer ${bearer}` } })).status;
      const held = await issuer.sign({ jti: "held" });
      expect([await ask(held), await ask(token)]).toEqual([200, 401]);
      await issuer.rotate();
      expect(await ask(await issuer.sign())).toBe(200);
      await writeFile(revoked, '{"tokens":["held"]}');
      await until("the token is refused", async () => (await ask(held)) === 401);
    } finally {
      await issuer.close();
    }
  });

  it("says every setting that is missing, and never the value of a secret", async () => {
    const { printed, ended } = await begin({ SOMA_INTERNAL_SIGNING_KEY: '{"kty":"RSA","d":"hush"}' });
    expect(await ended).toEqual([1, null]);
    for (const name of ["SOMA_SUBGRAPH_RUNS_URL", "SOMA_USER_VERIFY_KEY", "SOMA_INTERNAL_SIGNING_KEY"])
      expect(printed.text).toContain(name);
    expect(printed.text).not.toContain("hush");
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
