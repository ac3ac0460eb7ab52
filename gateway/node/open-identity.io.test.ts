import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSilentLog } from "@soma/shared/log";
import { readMetrics } from "@soma/shared/metrics";
import { replaceFile } from "@soma/shared/replace-file";
import { createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createDevIdentity } from "../ground/dev-identity.ts";
import { startGateway } from "../main.node.ts";
import { ISSUED_BY, type Issuer, startIssuer } from "../testing/issuer.ts";

describe("startGateway() with an issuer elsewhere", () => {
  let issuer: Issuer;
  let folder: string;
  let env: Record<string, string>;
  let own: Awaited<ReturnType<typeof createKeys>>;
  beforeAll(async () => {
    issuer = await startIssuer();
    folder = await mkdtemp(join(tmpdir(), "soma-identity-"));
    const internal = await createKeys();
    own = await createKeys();
    await writeFile(join(folder, "internal-private.json"), JSON.stringify({ keys: [internal.privateKey] }));
    await writeFile(join(folder, "revoked.json"), "{}");
    env = {
      SOMA_GATEWAY_PORT: "0",
      SOMA_INTERNAL_SIGNING_KEY_FILE: join(folder, "internal-private.json"),
      SOMA_OIDC_JWKS_URL: issuer.url,
      SOMA_OIDC_ISSUER: ISSUED_BY,
      SOMA_OIDC_AUDIENCE: "soma",
      SOMA_JWKS_REFRESH_S: "1",
      SOMA_JWKS_STALE_S: "3",
      SOMA_REVOKED_FILE: join(folder, "revoked.json"),
      SOMA_WEBUI_DIR: "/nowhere",
    };
    for (const name of ["RUNS", "MEMORY", "POLICY", "TOOLS"])
      env[`SOMA_SUBGRAPH_${name}_URL`] = "http://127.0.0.1:9/graphql";
  });
  afterAll(async () => {
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  const askAt = (url: string) => async (token: string) => {
    const response = await fetch(`${url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
    const body = (await response.json()) as { subject?: string; errors?: { extensions: { code: string } }[] };
    return body.subject ?? body.errors?.[0]?.extensions.code;
  };

  /** A WebSocket that introduces itself once. */
  function connectTo(url: string, token: string) {
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      connectionParams: { token },
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {},
    });
    return {
      opened: new Promise((resolve) => client.on("connected", resolve)),
      closed: new Promise((resolve) => client.on("closed", resolve)),
    };
  }

  it("knows its callers, while it is away too, until its keys are too old; and is not ready then", async () => {
    const running = await startGateway({ env, log: createSilentLog() });
    const ask = askAt(running.url);
    const token = await issuer.sign();
    try {
      expect(await ask(token)).toBe("ada");
      expect((await readMetrics()).body).toMatch(/^soma_jwks_age_seconds \d/m);
      issuer.manner = "fails";
      const startedAt = performance.now();
      expect(await ask(token)).toBe("ada");
      expect(Object.keys(await running.findFaults())).not.toContain("identity");
      await until("its keys are too old", async () => (await ask(token)) === "UNAVAILABLE");
      expect(performance.now() - startedAt).toBeGreaterThan(1_500);
      expect((await running.findFaults()).identity?.reason).toContain("missing or too old");
      expect(await connectTo(running.url, token).closed).toMatchObject({ code: 1013 });
      issuer.manner = "tells";
      await until("it is known again", async () => (await ask(token)) === "ada");
    } finally {
      issuer.manner = "tells";
      await running.close();
    }
  });

  it("refuses a key and a token that are revoked, from a file that changed, and goes on when that is no good", async () => {
    const running = await startGateway({ env, log: createSilentLog() });
    const ask = askAt(running.url);
    const file = env.SOMA_REVOKED_FILE ?? "";
    try {
      const [named, other] = [await issuer.sign({ jti: "t1" }), await issuer.sign({ jti: "t2" })];
      expect([await ask(named), await ask(other)]).toEqual(["ada", "ada"]);
      await replaceFile(file, '{"tokens":["t1"]}');
      await until("the token is refused", async () => (await ask(named)) === "UNAUTHENTICATED");
      expect(await ask(other)).toBe("ada");
      await replaceFile(file, '{"tokens":["t1"]');
      await until("that is told", async () =>
        (await readMetrics()).body.includes('soma_reload_refused{what="SOMA_REVOKED_FILE"} 1'),
      );
      expect([await ask(named), await ask(other)]).toEqual(["UNAUTHENTICATED", "ada"]);
      const connection = connectTo(running.url, other);
      await connection.opened;
      const kid = JSON.parse(atob(other.split(".")[0] ?? "")).kid as string;
      await replaceFile(file, JSON.stringify({ keys: [kid] }));
      await until("the key is refused", async () => (await ask(other)) === "UNAUTHENTICATED");
      expect(await connection.closed).toMatchObject({ code: 4403 });
      expect(await connectTo(running.url, other).closed).toMatchObject({ code: 4401 });
      await issuer.rotate();
      expect(await ask(await issuer.sign())).toBe("ada");
      expect((await readMetrics()).body).toMatch(/^soma_tokens_refused_total\{why="revoked"\} \d/m);
    } finally {
      await replaceFile(file, "{}");
      await running.close();
    }
  });

  it("asks for the keys when it wakes from a suspension, whoever comes first, and is ready again", async () => {
    const [now, clock] = [Date.now, { asleepMs: 0 }];
    vi.spyOn(Date, "now").mockImplementation(() => now() + clock.asleepMs);
    const seldom = { ...env, SOMA_JWKS_REFRESH_S: "300", SOMA_JWKS_STALE_S: "600" };
    const running = await startGateway({ env: seldom, log: createSilentLog() });
    try {
      expect(await running.findFaults()).not.toHaveProperty("identity");
      const before = issuer.asked();
      clock.asleepMs = 3_600_000;
      await until("the keys are asked for", async () => {
        await running.findFaults();
        return issuer.asked() > before;
      });
      await until("it is ready", async () => !("identity" in (await running.findFaults())));
    } finally {
      vi.restoreAllMocks();
      await running.close();
    }
  });

  it("keeps the link that signs in, beside the issuer, where the key of this installation is there", async () => {
    const keys = {
      SOMA_USER_VERIFY_KEY: JSON.stringify(own.publicKey),
      SOMA_USER_SIGNING_KEY: JSON.stringify(own.privateKey),
    };
    const running = await startGateway({ env: { ...env, ...keys }, log: createSilentLog() });
    const dev = createDevIdentity({ privateJwk: own.privateKey, publicJwk: own.publicKey });
    const principal = { tenant: "acme", subject: "user:ada", roles: ["assistant"], service: null };
    try {
      const token = await dev.issueAccessToken(principal, 60);
      const ask = askAt(running.url);
      expect([await ask(token), await ask(await issuer.sign())]).toEqual(["user:ada", "ada"]);
      const published = await fetch(`${running.url}/.well-known/jwks.json`);
      expect(published.headers.get("cache-control")).toBe("public, max-age=60");
      expect(await published.json()).toEqual({ keys: [{ ...own.publicKey, alg: "EdDSA", use: "sig" }] });
      const asked = { method: "POST", headers: { authorization: `Bearer ${token}` } };
      const { link } = (await (await fetch(`${running.url}/auth/link`, asked)).json()) as { link: string };
      const exchanged = await fetch(`${running.url}/auth/exchange`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: link.split("#t=")[1] }),
      });
      expect(await exchanged.json()).toEqual({ tenant: "acme", subject: "user:ada", roles: ["assistant"] });
    } finally {
      await running.close();
    }
  });

  it("starts while the issuer is away, and says which file of it cannot be taken", async () => {
    const away = { ...env, SOMA_OIDC_JWKS_URL: "http://127.0.0.1:9/keys" };
    const running = await startGateway({ env: away, log: createSilentLog() });
    expect((await fetch(`${running.url}/.well-known/jwks.json`)).status).toBe(404);
    expect((await running.findFaults()).identity?.reason).toContain("missing or too old");
    await running.close();
    const gone = { ...env, SOMA_REVOKED_FILE: join(folder, "none.json") };
    await expect(startGateway({ env: gone, log: createSilentLog() })).rejects.toThrow("SOMA_REVOKED_FILE: ");
  });
});
