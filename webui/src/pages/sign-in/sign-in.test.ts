import { expect, test } from "vitest";
import { type SignInDeps, signIn } from "./sign-in.ts";

const ME = { tenant: "acme", subject: "ana", roles: ["assistant"] };

/**
 * A browser and a server whose answers the test names; `calls` is what the server was asked, with the address at that
 * time.
 */
function setUp(hash: string, answers: Record<string, () => Response>) {
  const calls: string[] = [];
  const location = { hash, pathname: "/runs/r1", search: "?a=1" };
  const history = {
    state: { kept: true },
    replaceState(state: unknown, _title: string, url?: string | URL | null) {
      calls.push(`address ${url} ${JSON.stringify(state)}`);
      location.hash = "";
    },
  };
  const fetch: SignInDeps["fetch"] = async (input, init) => {
    calls.push([init?.method ?? "GET", input, init?.body].filter((part) => part !== undefined).join(" "));
    const answer = answers[String(input)];
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer();
  };
  return { deps: { fetch, location, history, forget: () => calls.push("forget") }, calls };
}

const json =
  (value: unknown, status = 200) =>
  () =>
    Response.json(value, { status });

test("signIn() takes the token out of the address, trades it, forgets who was signed in before, and says who is now", async () => {
  const { deps, calls } = setUp("#t=abc-123_x", { "/auth/exchange": json({}), "/auth/me": json(ME) });
  expect(await signIn(deps)).toEqual({ status: "signed-in", me: { tenant: "acme", subject: "ana" } });
  expect(calls).toEqual([
    'address /runs/r1?a=1 {"kept":true}',
    'POST /auth/exchange {"token":"abc-123_x"}',
    "forget",
    "GET /auth/me",
  ]);
});

test.each(["", "#main", "#t=", "#t=a b", "#x&t=abc"])("signIn() leaves the address %j alone", async (hash) => {
  const { deps, calls } = setUp(hash, { "/auth/me": json(ME) });
  expect((await signIn(deps)).status).toBe("signed-in");
  expect(calls).toEqual(["GET /auth/me"]);
});

test("signIn() says why a link that was used already does not sign in", async () => {
  const { deps } = setUp("#t=abc", { "/auth/exchange": json({}, 401), "/auth/me": json({}, 401) });
  expect(await signIn(deps)).toEqual({ status: "signed-out", why: expect.stringContaining("used already") });
});

test("signIn() goes on with the session there is when the link was used already", async () => {
  const { deps, calls } = setUp("#t=abc", { "/auth/exchange": json({}, 401), "/auth/me": json(ME) });
  expect((await signIn(deps)).status).toBe("signed-in");
  expect(calls).not.toContain("forget");
});

test("signIn() without a session says nothing went wrong", async () => {
  const { deps } = setUp("", { "/auth/me": json({}, 401) });
  expect(await signIn(deps)).toEqual({ status: "signed-out", why: null });
});

test.each<[string, Record<string, () => Response>, string]>([
  ["does not answer", {}, "fetch failed"],
  ["is not well", { "/auth/me": json({}, 503) }, "the server answered 503"],
  ["does not name a tenant", { "/auth/me": json({ subject: "ana" }) }, "the server did not say who is signed in"],
])("signIn() of a server that %s is not taken for signed out", async (_, answers, why) => {
  expect(await signIn(setUp("", answers).deps)).toEqual({ status: "unreachable", why });
});

test("signIn() does not call a link bad when the server failed", async () => {
  const { deps } = setUp("#t=abc", { "/auth/exchange": json({}, 500), "/auth/me": json({}, 401) });
  expect(await signIn(deps)).toEqual({ status: "unreachable", why: "the server answered 500" });
});
