import { fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../testing/api.ts";
import { address, comeIntoView, open, setOnline } from "../../testing/page.tsx";
import { idOf } from "../../testing/runs.ts";
import { Shell } from "./shell.tsx";

let api: TestApi;
beforeEach(() => {
  api = createTestApi();
});

const openShell = (path = "/chat") =>
  open(
    path,
    <Shell tenant="acme" subject="ada">
      <main id="main">
        <input type="search" aria-label="Words" />
        <input type="checkbox" aria-label="Choose" />
        <textarea aria-label="Message" />
      </main>
    </Shell>,
    api,
  );
const chosen = () => within(screen.getByRole("dialog")).getByRole("option", { selected: true }).textContent;
const field = () => within(screen.getByRole("dialog")).getByRole("combobox");

test("Ctrl-K opens the palette from anywhere, and Escape closes it", async () => {
  const { user } = openShell();
  await user.click(screen.getByLabelText("Message"));
  await user.keyboard("{Control>}k{/Control}");
  expect(screen.getByRole("dialog", { name: "Search or jump" })).toHaveProperty("open", true);
  fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("arrows go round the palette's list, and Enter goes where the chosen one leads", async () => {
  const { user } = openShell();
  await user.click(screen.getByRole("button", { name: /Search or jump/ }));
  await user.click(field());
  expect(chosen()).toContain("Go to Runs");
  await user.keyboard("{ArrowUp}");
  expect(chosen()).toContain("Keys");
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(chosen()).toContain("Go to Chat");
  await user.keyboard("{ArrowUp}{Enter}");
  expect(address()).toBe("/runs");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("keys of an input method choose nothing in the palette", async () => {
  const { user } = openShell();
  await user.keyboard("{Meta>}k{/Meta}");
  await user.type(field(), "blue");
  fireEvent.keyDown(field(), { key: "ArrowDown", isComposing: true });
  fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
  expect(chosen()).toBe("Search runs for “blue”");
  expect(address()).toBe("/chat");
});

test.each([
  ["red & blue", "/runs?text=red%20%26%20blue"],
  [idOf(7).toUpperCase(), `/runs/${idOf(7)}`],
])("the palette takes %s to %s", async (typed, path) => {
  const { user } = openShell();
  await user.keyboard("{Control>}k{/Control}");
  await user.type(field(), `${typed}{Enter}`);
  expect(address()).toBe(path);
});

test("a press in the palette does what stands there: a theme stays chosen, keys are shown", async () => {
  const { user } = openShell();
  await user.keyboard("{Control>}k{/Control}");
  await user.click(screen.getByRole("option", { name: "Theme: dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(localStorage.getItem("soma.theme")).toBe("dark");
  expect(screen.getByLabelText("Theme")).toHaveProperty("value", "dark");
  await user.keyboard("{Control>}k{/Control}");
  await user.click(screen.getByRole("option", { name: /^Keys/ }));
  expect(screen.getByRole("dialog", { name: "Keys" }).textContent).toContain("g rGo to Runs");
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("g r goes to the runs also while a box has the focus, but not while somebody types or a dialog is open", async () => {
  const { user } = openShell();
  await user.click(screen.getByLabelText("Message"));
  await user.keyboard("gr?/");
  expect(screen.getByLabelText("Message")).toHaveProperty("value", "gr?/");
  expect(address()).toBe("/chat");
  await user.click(screen.getByLabelText("Choose"));
  await user.keyboard("gr");
  expect(address()).toBe("/runs");
  expect(screen.getByRole("link", { name: "Runs" }).getAttribute("aria-current")).toBe("page");
  await user.keyboard("?");
  expect(screen.getByRole("dialog", { name: "Keys" })).toBeDefined();
  await user.keyboard("gc");
  expect(address()).toBe("/runs");
});

test("g and a letter that comes late are no pair", async () => {
  openShell();
  const press = (key: string, timeStamp: number) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true });
    Object.defineProperty(event, "timeStamp", { value: timeStamp });
    fireEvent(document.body, event);
  };
  press("g", 5_000);
  press("r", 6_100);
  expect(address()).toBe("/chat");
  press("g", 7_000);
  press("r", 7_900);
  expect(address()).toBe("/runs");
});

test("/ goes to the search of the page, and to the palette where a page has none", async () => {
  const { user } = openShell();
  await user.keyboard("/");
  expect(document.activeElement).toBe(screen.getByLabelText("Words"));
  screen.getByLabelText("Words").remove();
  await user.keyboard("/");
  expect(screen.getByRole("dialog", { name: "Search or jump" })).toBeDefined();
});

test("the theme of the header is kept, and the system's takes it back", async () => {
  const { user } = openShell();
  await user.selectOptions(screen.getByLabelText("Theme"), "Light");
  expect([document.documentElement.dataset.theme, localStorage.getItem("soma.theme")]).toEqual(["light", "light"]);
  await user.selectOptions(screen.getByLabelText("Theme"), "System");
  expect([document.documentElement.dataset.theme, localStorage.getItem("soma.theme")]).toEqual([undefined, "system"]);
});

test("the header says whose data this is, as the palette does, and how the server is, also when it or the network is away", async () => {
  openShell();
  await screen.findByText("● Normal");
  expect(screen.getByRole("banner").textContent).toMatch(/Tenantacme.*Signed in asada/);
  fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  expect(screen.getByRole("dialog").textContent).toMatch(/^Tenantacme.*Signed in asada.*Model/);
  fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }));
  api.away = true;
  comeIntoView();
  await screen.findByText("○ Reconnecting…");
  setOnline(false);
  await screen.findByText("○ Offline");
  api.away = false;
  setOnline(true);
  comeIntoView();
  await screen.findByText("● Normal");
});

test("the header goes on with what came when the service of the models is down", async () => {
  api.refusals.modelStatus = refusal("the service does not answer", "UNAVAILABLE");
  api.refusals.health = refusal("the service does not answer", "UNAVAILABLE");
  openShell();
  expect(await screen.findByText("not known")).toBeDefined();
  expect(screen.getByText("○ Reconnecting…")).toBeDefined();
});
