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

  async function signIn(): Promise<string> {
    const response = await exchange(await lab.identity.issueSignInToken(aPrincipal()));
    expect(response.status).toBe(200);
    return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  }

  it("trades a sign-in token for a cookie that scripts and other sites cannot use", async () => {
    const response = await exchange(await lab.identity.issueSignInToken(aPrincipal()));
    expect(await response.json()).toEqual({ tenant: "acme", subject: "user:ada", roles: ["assistant"] });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^soma_session=[\w-]+\.[\w-]+\.[\w-]+; /);
    for (const part of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"])
      expect(cookie.split("; ")).toContain(part);
  });

  it("takes each sign-in token once, also when both come at the same time", async () => {
    const token = await lab.identity.issueSignInToken(aPrincipal());
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
    expect(
      (await exchange(await lab.identity.issueSignInToken(aPrincipal()), { "content-type": "text/plain" })).status,
    ).toBe(400);
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
    expect(form.status).toBe(400);
    expect([...lab.state.titles.values()]).not.toContain("forged");
    expect((await lab.post(mutation, { cookie, origin: lab.url })).status).toBe(200);
    const theirs = { ...JSON_TYPE, origin: "https://evil.test" };
    expect((await exchange(await lab.identity.issueSignInToken(aPrincipal()), theirs)).status).toBe(403);
  });

  it("signs out by emptying the cookie", async () => {
    const response = await fetch(`${lab.url}/auth/signout`, { method: "POST" });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toMatch(/^soma_session=; .*Max-Age=0/);
    expect((await fetch(`${lab.url}/auth/unknown`, { method: "POST" })).status).toBe(404);
  });
});

describe("createAuthRoutes() without a signing key", () => {
  it("has no exchange", async () => {
    const lab = await createLab({}, { devIdentity: undefined } as never);
    const response = await fetch(`${lab.url}/auth/exchange`, {
      method: "POST",
      headers: JSON_TYPE,
      body: '{"token":"x"}',
    });
    expect(response.status).toBe(404);
    await lab.close();
  });
});
