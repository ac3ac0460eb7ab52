import { EditorView } from "@codemirror/view";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, open } from "../../../testing/page.tsx";
import { runOf } from "../../../testing/runs.ts";
import { Shell } from "../../shell/shell.tsx";
import ApiPage from "./api-page.tsx";

beforeEach(() => sessionStorage.clear());

const openApi = (api: TestApi) => open("/api", <ApiPage send={api.send} />, api);
/** What stands in an editor, which has a tree of its own. */
const textIn = (label: string): string =>
  document.querySelector(`[data-editor=${label}]`)?.shadowRoot?.querySelector(".cm-content")?.textContent ?? "";
const ask = () => screen.getByRole("button", { name: "Run" });
const pick = (list: string) => screen.getByRole<HTMLSelectElement>("combobox", { name: list });

test("what stands there is asked as the person who is signed in, and answered with its time and size", async () => {
  const api = createTestApi([runOf(2), runOf(1)]);
  const { user } = openApi(api);
  expect(textIn("Document")).toContain("query RunsPage");
  await user.click(ask());
  await waitFor(() => expect(screen.getByRole("status").textContent).toMatch(/^Answered in \d+ ms, [\d.]+ (KB|B)$/));
  expect(api.asked("RunsPage")).toEqual([{ first: 5 }]);
  expect(textIn("Answer")).toContain('"Question 2"');
  expect(screen.getByRole("button", { name: "Stop" }).getAttribute("aria-disabled")).toBe("true");
});

test("an answer comes into view when it comes, and so does why there is none, each time that it is asked", async () => {
  const api = createTestApi([runOf(1)]);
  const seen: string[] = [];
  vi.spyOn(Element.prototype, "scrollIntoView").mockImplementation(function (this: Element) {
    seen.push(this.querySelector("h2")?.textContent ?? "");
  });
  const { user } = openApi(api);
  for (const times of [1, 2]) {
    await user.click(ask());
    await waitFor(() => expect(seen).toEqual(Array.from({ length: times }, () => "Answer")));
    await screen.findByText(/^Answered/);
  }
  api.away = true;
  await user.click(ask());
  await screen.findByRole("alert");
  expect(seen).toHaveLength(3);
});

test("keys of the shell are letters in the editors, and stay keys beside them", () => {
  const api = createTestApi();
  open(
    "/api",
    <Shell tenant="acme" subject="ada">
      <ApiPage send={api.send} />
    </Shell>,
    api,
  );
  const editor = document.querySelector("[data-editor=Document]")?.shadowRoot?.querySelector(".cm-content");
  const type = (target: Element | null | undefined, keys: string): void => {
    if (target == null) throw new Error("nothing to type into");
    for (const key of keys) fireEvent.keyDown(target, { key, composed: true });
  };
  type(editor, "{ graphs { name } } ?/");
  type(editor?.firstElementChild, "gr");
  expect([address(), screen.queryByRole("dialog")]).toEqual(["/api", null]);
  type(document.body, "gr");
  expect(address()).toBe("/runs");
});

test("what was typed last is asked, however soon", async () => {
  const api = createTestApi();
  openApi(api);
  const content = document.querySelector("[data-editor=Document]")?.shadowRoot?.querySelector(".cm-content");
  const editor = EditorView.findFromDOM(content as HTMLElement);
  editor?.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: "query Typed { viewer { tenant } }" } });
  fireEvent.keyDown(content as HTMLElement, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(api.asked("Typed")).toHaveLength(1));
});

test("an example comes with variables to fill in, and what was asked before comes back with its own", async () => {
  const { user } = openApi(createTestApi([runOf(1)]));
  await screen.findByRole("button", { name: "Docs" });
  await user.click(ask());
  await screen.findByText(/^Answered/);
  await user.selectOptions(pick("Examples"), "StartRun");
  expect(textIn("Document")).toContain("mutation StartRun");
  expect(textIn("Variables")).toContain('"idempotencyKey"');
  await user.selectOptions(pick("Asked before"), within(pick("Asked before")).getByText(/query RunsPage/));
  expect(textIn("Document")).toContain("query RunsPage");
  expect(JSON.parse(textIn("Variables"))).toEqual({ first: 5 });
});

test("errors of the server are shown as it tells them; one that is away is told", async () => {
  const api = createTestApi();
  api.refusals.runs = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openApi(api);
  await user.click(ask());
  expect(await screen.findByText(/^With errors in/)).toBeDefined();
  expect(textIn("Answer")).toContain('"UNAVAILABLE"');
  api.away = true;
  await user.click(ask());
  expect((await screen.findByRole("alert")).textContent).toContain("cannot be reached");
  expect(screen.getByRole("status").textContent).toBe("No answer");
});

test("what takes long can be stopped, and what is asked then is not lost", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openApi(api);
  await screen.findByRole("button", { name: "Docs" });
  api.wait = new Promise(() => {});
  await user.click(ask());
  expect(screen.getByRole("status").textContent).toBe("Asking…");
  await user.click(screen.getByRole("button", { name: "Stop" }));
  await waitFor(() => expect(screen.getByRole("status").textContent).toBe("No answer"));
  expect(screen.queryByRole("alert")).toBeNull();
  api.wait = Promise.resolve();
  await user.click(ask());
  expect(await screen.findByText(/^Answered/)).toBeDefined();
});

test("the schema can be looked through by its names, searched, and taken along", async () => {
  const { user } = openApi(createTestApi());
  await user.click(await screen.findByRole("button", { name: "Docs" }));
  const docs = within(screen.getByRole("region", { name: "Docs" }));
  await user.click(docs.getByRole("button", { name: "Query" }));
  await user.click(docs.getByRole("button", { name: "Viewer" }));
  expect(docs.getByRole("heading").textContent).toBe("type Viewer");
  await user.click(docs.getByRole("button", { name: "← Query" }));
  expect(docs.getByRole("heading").textContent).toBe("type Query");
  await user.click(docs.getByRole("button", { name: "Schema" }));
  await user.type(docs.getByRole("searchbox"), "startrun");
  await user.click(
    within(docs.getByRole("list", { name: "Found" })).getByRole("button", { name: "Mutation.startRun" }),
  );
  expect(docs.getByRole("heading").textContent).toBe("type Mutation");
  await user.type(docs.getByRole("searchbox"), "no such thing");
  expect(docs.getByText("Nothing is called so.")).toBeDefined();
  const taken: [string, Blob][] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    taken.push(["", blob as Blob]);
    return "blob:x";
  });
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    if (taken[0] !== undefined) taken[0][0] = this.download;
  });
  await user.click(screen.getByRole("button", { name: "Download schema" }));
  expect([taken[0]?.[0], await taken[0]?.[1].text()]).toEqual([
    "soma.graphql",
    expect.stringContaining("type Mutation {"),
  ]);
});

test("a server that does not tell its schema is asked all the same", async () => {
  const api = createTestApi([runOf(1)]);
  const off = { errors: [{ message: "GraphQL introspection has been disabled", extensions: { code: "BAD_INPUT" } }] };
  const send: typeof fetch = async (url, init) =>
    String(init?.body).includes("__schema") ? Response.json(off) : api.send(url, init);
  const { user } = open("/api", <ApiPage send={send} />, api);
  expect((await screen.findByRole("note")).textContent).toContain(
    "does not tell its schema (SOMA_GATEWAY_INTROSPECTION",
  );
  expect(screen.queryByRole("button", { name: "Docs" })).toBeNull();
  await user.click(ask());
  expect(await screen.findByText(/^Answered/)).toBeDefined();
});
