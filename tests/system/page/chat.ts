import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { answered, ask, findFaults, focused, NARROW, reaches, sideways } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What people do with a conversation beside asking. */
export function goesAnotherWay(stage: () => Stage): void {
  it("sends a message of before again with other words, knows what was said before it, and keeps the old one", async () => {
    const { open, door } = stage();
    const { page } = open;
    await page.goto(door.url);
    await answered(page, "What is 20+1?");
    await answered(page, "What is 20+2?");
    const asked = page.getByRole("article");
    await asked.last().getByRole("button", { name: "Edit" }).press("Enter");
    expect(await focused(page)).toBe("Edit the message");
    expect(await findFaults(page)).toEqual([]);
    await page.getByLabel("Edit the message").fill("What is 30+2?");
    await page.keyboard.press("Enter");
    await page.getByText("version 2 of 2").waitFor();
    await reaches(page, "ENDED");
    expect(await focused(page)).toBe("message");
    expect(await asked.count()).toBe(2);
    expect(await asked.first().innerText()).toContain("What is 20+1?");
    expect(await asked.last().innerText()).toContain("30+2 = 32.");
    await page.getByRole("link", { name: "The version before" }).press("Enter");
    await page.getByText("version 1 of 2").waitFor();
    expect(await asked.last().innerText()).toContain("20+2 = 22.");
    await page.goBack();
    await page.getByText("version 2 of 2").waitFor();
  });

  it("sends a file as text that its model does not take for something to run", async () => {
    const { page } = stage().open;
    const buffer = Buffer.from("one ```js\nthrow 1\n``` two\n");
    await page.getByLabel("Attach text files").setInputFiles({ name: "notes.md", mimeType: "text/plain", buffer });
    await page.getByRole("button", { name: "Remove notes.md" }).waitFor();
    await page.getByText("To assistant").press("Enter");
    await page.getByRole("combobox", { name: "Model" }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    await page.setViewportSize(NARROW);
    expect([await findFaults(page), await sideways(page)]).toEqual([[], 0]);
    await ask(page, "Read this");
    await reaches(page, "ENDED");
    const turn = page.getByRole("article").last();
    expect(await turn.innerText()).toContain("File: notes.md\n````text\none ```js");
    expect(await turn.locator("[data-tool]").count()).toBe(0);
  });

  it("gives a conversation a name, and saves it as a file under that, by keys alone", async () => {
    const { page } = stage().open;
    await page.getByRole("button", { name: "Rename…" }).press("Enter");
    await page.getByRole("textbox", { name: "Name" }).fill("Sums");
    expect(await findFaults(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Sums" }).waitFor();
    expect(await focused(page)).toBe("Rename…");
    await page.getByRole("navigation", { name: "Conversations" }).getByText("Sums").waitFor();
    const texts: string[] = [];
    for (const format of ["Markdown", "JSON"]) {
      await page.getByRole("button", { name: "Export…" }).press("Enter");
      const saved = page.waitForEvent("download");
      await page.getByRole("dialog").getByRole("button", { name: format }).press("Enter");
      const file = await saved;
      texts.push(file.suggestedFilename(), await readFile(await file.path(), "utf8"));
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    const [name, markdown = "", jsonName, json = ""] = texts;
    expect([name, jsonName]).toEqual(["sums.md", "sums.json"]);
    expect(markdown).toMatch(/^# Sums\n.*What is 20\+1\?.*### Tool calculate: succeeded.*What is 30\+2\?/s);
    expect(JSON.parse(json).turns.map(({ input }: { input: { text: string } }) => input.text.slice(0, 13))).toEqual([
      ...["What is 20+1?", "What is 30+2?", "Read this\n\nFi"],
    ]);
  });
}
