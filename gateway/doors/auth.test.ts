import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab } from "../testing/lab.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe("createAuthRoutes()", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab();
  });
  afterAll(() => lab.close());

  const exchange = (token: unknown, headers: Record<string, string> = JSON_TYPE): Promise<Response> =>
    fetch(`${lab.url}/auth/exchange`, { method: "POST", headers, body: JSON.stringify({ token }) });

  const asker = (forSeconds = 86_400) => ({
    principal: aPrincipal(),
    expiresAt: new Date(Date.now() + forSeconds * 1_000),
  });

  async function signIn(): Promise<string> {
    const response = await exchange(lab.identity.issueSignInToken(asker()));
    expect(response.status).toBe(200);
    return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  }

  it("trades a sign-in token for a cookie that scripts and other sites cannot use", async () => {
    const response = await exchange(lab.identity.issueSignInToken(asker()));
    expect(await response.json()).toEqual({ tenant: "acme", subject: "user:ada", roles: ["assistant"] });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^soma_session=[\w-]+\.[\w-]+\.[\w-]+; /);
    for (const part of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"])
      expect(cookie.split("; ")).toContain(part);
  });

  it("tells who has no session what to type for a link", async () => {
    const response = await fetch(`${lab.url}/auth/sign-in`);
    expect([response.status, await response.json()]).toEqual([200, { command: "npx soma signin" }]);
    const named = await createLab(
      {},
      { inProcess: { options: { signInCommand: "npx soma --data '/my data' signin" } } },
    );
    expect(await (await fetch(`${named.url}/auth/sign-in`)).json()).toEqual({
      command: "npx soma --data '/my data' signin",
    });
    await named.close();
  });

  it("gives a session no longer than the token that asked for its link", async () => {
    const response = await exchange(lab.identity.issueSignInToken(asker(60)));
    expect(response.headers.get("set-cookie")).toMatch(/Max-Age=(59|60)(;|$)/);
    expect((await exchange(lab.identity.issueSignInToken(asker(-1)))).status).toBe(401);
  });

  it("takes each sign-in token once, also when both come at the same time", async () => {
    const token = lab.identity.issueSignInToken(asker());
    const statuses = (await Promise.all([exchange(token), exchange(token), exchange(token)])).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, 401, 401]);
    const again = await exchange(token);
    expect(await again.json()).toMatchObject({
      errors: [{ message: expect.stringContaining("used already"), extensions: { code: "UNAUTHENTICATED" } }],
    });
    expect(again.headers.get("set-cookie")).toBeNull();
  });

  it("refuses what is not a sign-in token, and forms", async () => {
    expect((await exchange(await lab.token())).status).toBe(401);
    expect((await exchange(7)).status).toBe(400);
    expect((await exchange(lab.identity.issueSignInToken(asker()), { "content-type": "text/plain" })).status).toBe(415);
    expect((await exchange("x".repeat(10_000))).status).toBe(413);
  });

  it("serves the cookie's owner, and /auth/me tells who that is", async () => {
    const cookie = await signIn();
    expect((await lab.post({ query: '{ run(id: "1") { title } }' }, { cookie })).data).toEqual({
      run: { title: "Run 1" },
    });
    const me = await fetch(`${lab.url}/auth/me`, { headers: { cookie } });
    expect(await me.json()).toMatchObject({ tenant: "acme", subject: "user:ada", roles: ["assistant"] });
    expect((await fetch(`${lab.url}/auth/me`)).status).toBe(401);
  });

  it("refuses the cookie in requests that another site makes", async () => {
    const cookie = await signIn();
    const mutation = { query: 'mutation { addRun(title: "forged") { id } }' };
    const forged = await lab.post(mutation, { cookie, origin: "https://evil.test" });
    expect([forged.status, forged.errors[0].extensions.code]).toEqual([403, "FORBIDDEN"]);
    const form = await lab.post(mutation, { cookie, "content-type": "text/plain" });
    expect(form.status).toBe(415);
    expect([...lab.state.titles.values()]).not.toContain("forged");
    expect((await lab.post(mutation, { cookie, origin: lab.url })).status).toBe(200);
    const theirs = { ...JSON_TYPE, origin: "https://evil.test" };
    expect((await exchange(lab.identity.issueSignInToken(asker()), theirs)).status).toBe(403);
  });

  const askLink = (headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${lab.url}/auth/link`, { method: "POST", headers });
  const linkOf = async (response: Response): Promise<string> => ((await response.json()) as { link: string }).link;
  const bearer = async (principal: Parameters<Lab["token"]>[0] = {}): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await lab.token(principal)}`,
  });

  it("makes a link that signs its caller in once, for a bearer token or a cookie", async () => {
    for (const headers of [await bearer(), { cookie: await signIn() }]) {
      const response = await askLink(headers);
      expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
      const link = await linkOf(response);
      expect(link.startsWith(`${lab.url}/#t=`)).toBe(true);
      const [, token] = link.split("#t=");
      expect(await (await exchange(token)).json()).toEqual({
        tenant: "acme",
        subject: "user:ada",
        roles: ["assistant"],
      });
      expect((await exchange(token)).status).toBe(401);
    }
  });

  it("makes a link for its caller and nobody else, whatever the request says", async () => {
    const eve = { tenant: "umbrella", subject: "user:eve", roles: ["assistant"] };
    const response = await fetch(`${lab.url}/auth/link?subject=user:ada`, {
      method: "POST",
      headers: { ...JSON_TYPE, ...(await bearer(eve)) },
      body: JSON.stringify({ subject: "user:ada", tenant: "acme", roles: ["operator"] }),
    });
    const [, token] = (await linkOf(response)).split("#t=");
    expect(await (await exchange(token)).json()).toEqual(eve);
  });

  it("makes no link without a token, with one for signing in, for another site, or for a GET", async () => {
    expect((await askLink()).status).toBe(401);
    const signInToken = lab.identity.issueSignInToken(asker());
    expect((await askLink({ authorization: `Bearer ${signInToken}` })).status).toBe(401);
    expect((await askLink({ cookie: await signIn(), origin: "https://evil.test" })).status).toBe(403);
    expect((await fetch(`${lab.url}/auth/link`, { headers: await bearer() })).status).toBe(404);
  });

  it("signs out by emptying the cookie", async () => {
    const response = await fetch(`${lab.url}/auth/signout`, { method: "POST" });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toMatch(/^soma_session=; .*Max-Age=0/);
    expect((await fetch(`${lab.url}/auth/unknown`, { method: "POST" })).status).toBe(404);
  });
});

describe("createAuthRoutes() without a signing key", () => {
  it("has no exchange and no link", async () => {
    const lab = await createLab({}, { inProcess: { options: { devIdentity: undefined } } } as never);
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await lab.token()}` };
    expect((await fetch(`${lab.url}/auth/sign-in`)).status).toBe(404);
    for (const path of ["/auth/exchange", "/auth/link"]) {
      const response = await fetch(`${lab.url}${path}`, { method: "POST", headers, body: '{"token":"x"}' });
      expect([path, response.status]).toEqual([path, 404]);
    }
    await lab.close();
  });
});
