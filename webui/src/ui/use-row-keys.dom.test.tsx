import { screen, within } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { createTestApi } from "../../testing/api.ts";
import { open } from "../../testing/page.tsx";
import { Shell } from "../shell/shell.tsx";
import { useRowKeys } from "./use-row-keys.ts";

const showNews = vi.fn();

function Rows() {
  useRowKeys("li", [{ keys: ".", what: "Show what is new", does: showNews }]);
  return (
    <main>
      <input aria-label="Words" />
      <ul>
        {["first", "second", "third"].map((name) => (
          <li key={name}>
            <input type="checkbox" aria-label={`Choose ${name}`} />
            <a href={`/${name}`}>{name}</a> <a href="/session">its session</a>
          </li>
        ))}
      </ul>
    </main>
  );
}

test("useRowKeys() goes to the first link of each row, from anywhere but a field, and the sheet tells of it", async () => {
  const page = (
    <Shell tenant="local" subject="ada">
      <Rows />
    </Shell>
  );
  const { user } = open("/", page, createTestApi());
  const at = () => document.activeElement?.textContent;
  const places: unknown[] = [];
  for (const key of ["j", "j", "k", "k", "j", "j", "j"]) {
    await user.keyboard(key);
    places.push(at());
  }
  expect(places).toEqual(["first", "second", "first", "first", "second", "third", "third"]);
  screen.getByRole("checkbox", { name: "Choose second" }).focus();
  await user.keyboard("k");
  expect(at()).toBe("first");
  await user.keyboard(".");
  expect(showNews).toHaveBeenCalledOnce();
  await user.type(screen.getByRole("textbox", { name: "Words" }), "jk.");
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Words" }).value).toBe("jk.");
  screen.getByRole("link", { name: "first" }).focus();
  await user.keyboard("?");
  const sheet = within(screen.getByRole("dialog", { name: "Keys" }));
  for (const key of ["j", "k", "."]) expect(sheet.getByText(key).tagName).toBe("KBD");
});

function Folded() {
  const [isShown, setShown] = useState(false);
  useRowKeys("main nav a", [], () => setShown(true));
  return (
    <main>
      <nav style={{ display: isShown ? "block" : "none" }}>
        <a href="/first">first</a>
        <a href="/second">second</a>
      </nav>
    </main>
  );
}

test("useRowKeys() shows a list that is hidden before it goes to its row", async () => {
  const page = (
    <Shell tenant="local" subject="ada">
      <Folded />
    </Shell>
  );
  const { user } = open("/", page, createTestApi());
  await user.keyboard("j");
  const link = screen.getByRole("link", { name: "first" });
  expect([document.activeElement, link.checkVisibility()]).toEqual([link, true]);
  await user.keyboard("j");
  expect(document.activeElement?.textContent).toBe("second");
});
