import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, open } from "../../../testing/page.tsx";
import { runOf } from "../../../testing/runs.ts";
import { Composer } from "./composer.tsx";

function openComposer(api: TestApi, path = "/chat/s1", newest = runOf(1)) {
  const onSent = vi.fn();
  return { ...open(path, <Composer sessionId="s1" newest={newest} onSend={() => onSent} />, api), onSent };
}
const field = () => screen.getByLabelText("Message") as HTMLTextAreaElement;
const file = (name: string, content: BlobPart) => new File([content], name);
/** What a clipboard has. */
const clipboard = (text: string, ...files: File[]) =>
  ({
    files,
    types: ["Files"],
    getData: (type: string) => (type.startsWith("text") ? text : ""),
  }) as unknown as DataTransfer;
const chips = () => within(screen.getByRole("list", { name: "Files that go with the message" }));

test("agent, role and model of the next message are chosen among what there is, and kept in the address", async () => {
  const api = createTestApi();
  const { user } = openComposer(api);
  await user.click(screen.getByText("To assistant"));
  const model = await screen.findByLabelText("Model");
  await within(model).findByRole("option", { name: "big · big-1" });
  expect(
    within(model)
      .getAllByRole("option")
      .map(({ textContent }) => textContent),
  ).toEqual([
    "Default",
    "big · big-1",
    "far · first of its server (it has no key)",
    "scripted: a set of rules, not an AI",
  ]);
  expect(within(model).getByRole("option", { name: /^far/ })).toHaveProperty("disabled", true);
  await user.selectOptions(model, "big");
  await user.selectOptions(screen.getByLabelText("Role"), "reader");
  await user.selectOptions(screen.getByLabelText("Agent"), "researcher");
  expect(address()).toBe("/chat/s1?model=big&role=reader&agent=researcher");
  expect(screen.getByText("To researcher · reader · big")).toBeDefined();
  await user.type(field(), "hello{Enter}");
  await waitFor(() => expect(field().value).toBe(""));
  expect(api.asked("StartRun").at(-1)?.input).toMatchObject({
    ...{ graph: "researcher", input: { text: "hello" }, sessionId: "s1", role: "reader", modelProfile: "big" },
  });
  await user.selectOptions(screen.getByLabelText("Agent"), "assistant");
  await user.type(field(), "hello{Enter}");
  await waitFor(() => expect(field().value).toBe(""));
  expect(api.asked("SendMessage").at(-1)?.input).toMatchObject({ role: "reader", modelProfile: "big" });
});

test("a new conversation has the question of its address ready, and a draft keeps its place and whom it goes to", async () => {
  const api = createTestApi();
  const { user } = open("/chat?text=one", <Composer sessionId={undefined} newest={undefined} onSend={vi.fn()} />, api);
  expect([field().value, document.activeElement]).toEqual(["one", field()]);
  const link = (text: string) => act(() => history.pushState(null, "", `/chat?role=reader&text=${text}`));
  link("two");
  expect([field().value, address(), document.activeElement]).toEqual(["one", "/chat?text=one", field()]);
  await user.type(field(), " more");
  link("two");
  expect([field().value, address()]).toEqual(["one more", "/chat?text=one"]);
  expect(screen.getByText("To assistant")).toBeDefined();
  await user.clear(field());
  link("three");
  expect(field().value).toBe("three");
  expect(screen.getByText("To assistant · reader")).toBeDefined();
  expect(api.asked("SendMessage")).toEqual([]);
});

test("a conversation that has begun is not written into by its address", () => {
  openComposer(createTestApi(), "/chat/s1?text=one");
  expect(field().value).toBe("");
});

test("who may not see models has the default one, keeps what the address says, and goes on with the agent of before", async () => {
  const api = createTestApi();
  api.refusals.modelProfiles = refusal("role operator is needed");
  const { user } = openComposer(api, "/chat/s1?model=mine", runOf(1, { graph: "poet" }));
  await user.click(screen.getByText("To poet · mine"));
  expect(await screen.findByText(/^Which models there are is told to operators/)).toBeDefined();
  expect(screen.getByLabelText("Model")).toHaveProperty("value", "mine");
  expect(screen.getByLabelText("Agent")).toHaveProperty("value", "poet");
  await user.type(field(), "hello{Enter}");
  await waitFor(() => expect(api.asked("StartRun")).toHaveLength(1));
});

test("files that are pasted or chosen become chips, go with the message in fences under their names, and can be removed", async () => {
  const api = createTestApi();
  const { user } = openComposer(api);
  await user.click(field());
  await user.paste(clipboard("", file("a.md", "one"), file("b.csv", "1;2")));
  expect(await screen.findByText("2 files, 6 B")).toBeDefined();
  await user.upload(screen.getByLabelText("Attach text files"), [file("c.txt", "three"), file("tea.png", "\u0000")]);
  expect((await screen.findByRole("alert")).textContent).toBe("Not attached: tea.png is not text");
  await user.click(chips().getByRole("button", { name: "Remove b.csv" }));
  expect(document.activeElement).toBe(field());
  expect(screen.queryByRole("alert")).toBeNull();
  expect(
    chips()
      .getAllByRole("listitem")
      .map(({ textContent }) => textContent),
  ).toEqual([...["a.md3 B×", "c.txt5 B×", "2 files, 8 B"]]);
  await user.type(field(), "Compare{Enter}");
  await waitFor(() => expect(screen.queryByRole("list")).toBeNull());
  expect(api.asked("SendMessage").at(-1)?.input).toMatchObject({
    text: "Compare\n\nFile: a.md\n```text\none\n```\n\nFile: c.txt\n```text\nthree\n```",
  });
});

test("what has words is pasted as words, whatever picture of them comes along; a file's name is none", async () => {
  const { user } = openComposer(createTestApi());
  await user.click(field());
  await user.paste(clipboard("1\t2", file("image.png", "\u0000")));
  expect(field().value).toBe("1\t2");
  await user.paste(clipboard("a.md", file("a.md", "one")));
  expect(await screen.findByText("a.md")).toBeDefined();
  expect([field().value, screen.queryByRole("alert")]).toEqual(["1\t2", null]);
});

test("a file that was removed or sent while another one is read stays away", async () => {
  const { user } = openComposer(createTestApi());
  const slow = (name: string) => {
    const read = Promise.withResolvers<ArrayBuffer>();
    const bytes = new TextEncoder().encode("x").buffer as ArrayBuffer;
    return [Object.assign(file(name, "x"), { arrayBuffer: () => read.promise }), () => read.resolve(bytes)] as const;
  };
  const names = () =>
    chips()
      .getAllByRole("button")
      .map((each) => each.getAttribute("aria-label"));
  const attach = (...files: File[]) => user.upload(screen.getByLabelText("Attach text files"), files);
  const [b, readB] = slow("b.md");
  const [c, readC] = slow("c.md");
  await attach(file("a.md", "one"));
  await screen.findByText("a.md");
  await attach(b);
  await user.click(screen.getByRole("button", { name: "Remove a.md" }));
  readB();
  await waitFor(() => expect(names()).toEqual(["Remove b.md"]));
  await attach(c);
  await user.type(field(), "Compare{Enter}");
  await waitFor(() => expect(screen.queryByRole("list", { name: /^Files/ })).toBeNull());
  readC();
  await waitFor(() => expect(names()).toEqual(["Remove c.md"]));
});

test("files that are dropped on the message are taken, and what else is dropped goes its own way", async () => {
  openComposer(createTestApi());
  const files = [file("a.md", "one")];
  expect(fireEvent.dragOver(field(), { dataTransfer: { files, types: ["Files"] } })).toBe(false);
  expect(fireEvent.drop(field(), { dataTransfer: { files, types: ["Files"] } })).toBe(false);
  expect(await screen.findByText("a.md")).toBeDefined();
  expect(fireEvent.dragOver(field(), { dataTransfer: { files: [], types: ["text/plain"] } })).toBe(true);
  expect(fireEvent.drop(field(), { dataTransfer: { files: [], types: ["text/plain"] } })).toBe(true);
});

test("files count in the size of a message, and stay when it was not sent", async () => {
  const api = createTestApi();
  api.refusals.sendMessage = refusal("the budget of the tenant is spent", "BUDGET");
  const { user } = openComposer(api);
  await user.upload(screen.getByLabelText("Attach text files"), [file("a.md", "one")]);
  await waitFor(() => expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("false"));
  await user.click(screen.getByRole("button", { name: "Send" }));
  await screen.findByText(/The message was not sent/);
  expect(chips().getAllByRole("listitem")).toHaveLength(1);
  await user.upload(screen.getByLabelText("Attach text files"), [file("b.md", "x".repeat(32_760))]);
  expect(await screen.findByText(/^The message is .* is the most$/)).toBeDefined();
  expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");
});
