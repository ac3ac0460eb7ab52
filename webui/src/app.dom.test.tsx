import { act, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { createTestApi, type TestApi } from "../testing/api.ts";
import { comeIntoView, createTestLogs } from "../testing/page.tsx";
import { idOf, runOf } from "../testing/runs.ts";
import { App } from "./app.tsx";
import { signIn } from "./pages/sign-in/sign-in.ts";

afterEach(() => vi.unstubAllGlobals());

/** The gateway as the whole page meets it; `me` is what it answers when asked who is signed in. */
function openApp(path: string, api: TestApi, me: () => Response | Promise<Response>) {
  const asked: string[] = [];
  const serve: typeof fetch = async (url, init) => {
    asked.push(String(url));
    if (new URL(String(url), location.href).pathname === "/graphql") return api.send(url, init);
    if (url === "/auth/exchange") return new Response("{}", { status: 200 });
    return url === "/auth/me" ? me() : Response.json({ command: "npx soma signin --port 4711" });
  };
  vi.stubGlobal("fetch", serve);
  history.replaceState(null, "", path);
  render(
    <App
      logs={createTestLogs().logs}
      signIn={() => signIn({ fetch: serve, location, history, forget: () => sessionStorage.clear() })}
    />,
  );
  return { asked, user: userEvent.setup() };
}
const ada = () => Response.json({ tenant: "acme", subject: "ada" });

test("a sign-in link is traded at once, and its page is the one of the address", async () => {
  sessionStorage.setItem("soma-api-asked", "[]");
  const { asked } = openApp("/runs#t=secret", createTestApi([runOf(1)]), ada);
  expect(location.hash).toBe("");
  expect(await screen.findByText("Question 1")).toBeDefined();
  expect(screen.getByText("acme")).toBeDefined();
  expect(document.title).toBe("Runs · soma");
  expect(sessionStorage).toHaveLength(0);
  expect(asked.slice(0, 2)).toEqual(expect.arrayContaining(["/auth/exchange"]));
});

test("going from page to page gives the focus to the new one's heading, and not at the first", async () => {
  const { user } = openApp("/runs", createTestApi([runOf(1)]), ada);
  const link = await screen.findByRole("link", { name: "Question 1" });
  expect(document.activeElement).toBe(document.body);
  await user.click(link);
  expect(location.pathname).toBe(`/runs/${idOf(1)}`);
  await waitFor(() => expect(document.activeElement?.tagName).toBe("H1"));
  await user.click(screen.getByRole("link", { name: "Runs" }));
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Runs"));
});

test("what there is to try before the first question is fetched while it is found out who is signed in", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  openApp("/chat", createTestApi(), () => promise);
  await import("./pages/welcome/welcome.tsx");
  // Every turn that a part which was fetched needs to be there.
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  resolve(ada());
  await screen.findByRole("heading", { name: "New conversation" });
  expect(screen.getByText("Ask something, and watch how it is answered.")).toBeDefined();
});

test("who is not signed in is told what to type, as the server says it", async () => {
  openApp("/chat", createTestApi(), () => new Response("", { status: 401 }));
  expect(await screen.findByRole("heading", { name: "Sign in" })).toBeDefined();
  expect(await screen.findByText("npx soma signin --port 4711")).toBeDefined();
});

test("a session that ends leads to the sign-in, with the reason", async () => {
  const api = createTestApi([runOf(1)]);
  openApp("/runs", api, ada);
  await screen.findByText("Question 1");
  api.signedOut = true;
  act(comeIntoView);
  expect((await screen.findByRole("alert")).textContent).toBe("The session has ended");
});

test("an operation of one's own that nobody is signed in for any more leads to the sign-in too", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openApp("/api", api, ada);
  await screen.findByRole("button", { name: "Docs" });
  api.signedOut = true;
  await user.click(screen.getByRole("button", { name: "Run" }));
  expect((await screen.findByRole("alert")).textContent).toBe("The session has ended");
});

test("a server that does not answer is asked again when told to", async () => {
  let answers = false;
  const { user } = openApp("/runs", createTestApi([runOf(1)]), () =>
    answers ? ada() : new Response("", { status: 503 }),
  );
  expect((await screen.findByRole("alert")).textContent).toBe(
    "Who is signed in could not be asked: the server answered 503",
  );
  answers = true;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Question 1")).toBeDefined();
});
