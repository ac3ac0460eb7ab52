import { expect, it } from "vitest";
import { looksFine, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What the pages of agents and of the API promise. */
export function startsAgentsAndAsksTheApi(stage: () => Stage): void {
  it("starts an agent from the form of its input, which tells what is missing, and follows the run", async () => {
    const { page } = stage().open;
    await page.goto(`${stage().door.url}/agents`);
    await page
      .getByRole("navigation", { name: "Agents" })
      .getByRole("link", { name: /assistant/ })
      .press("Enter");
    const text = page.getByRole("textbox", { name: "text" });
    await page.getByRole("button", { name: "Start a run" }).press("Enter");
    await page.getByText("is required").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
    await looksFine(page);
    await text.fill("What is 30+3?");
    await page.getByRole("button", { name: "Start a run" }).press("Enter");
    await page.waitForURL(/\/runs\/[\w-]+$/);
    await reaches(page, "ENDED");
  });

  it("asks what is written, completes it, follows a subscription and gives the schema, within the policy", async () => {
    const { page } = stage().open;
    await page.goto(`${stage().door.url}/api`);
    const document = page.getByRole("textbox", { name: "Document" });
    await page.getByRole("button", { name: "Docs" }).click();
    const write = async (name: string, keys: string): Promise<void> => {
      await page.getByRole("textbox", { name }).click();
      for (const key of ["Control+a", "Delete"]) await page.keyboard.press(key);
      await page.keyboard.type(keys);
    };
    await write("Document", "{ viewer { tena");
    await page.getByRole("option", { name: /tenant/ }).click();
    expect(await document.innerText()).toBe("{ viewer { tenant}}");
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Answered in/).waitFor();
    expect(await page.getByRole("textbox", { name: "Answer" }).innerText()).toContain('"tenant": "local"');
    await looksFine(page);
    const given = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download schema" }).click();
    expect((await given).suggestedFilename()).toBe("soma.graphql");
    await write("Document", "{ runs(first: 1) { nodes { id ");
    await page.keyboard.press("Control+Enter");
    const answer = page.getByRole("textbox", { name: "Answer" });
    await answer.getByText('"runs"').waitFor();
    const [, runId = ""] = /"id": "([\w-]+)"/.exec(await answer.innerText()) ?? [];
    await page.getByLabel("Examples").selectOption("RunEvents");
    await write("Variables", `{"runId": "${runId}", "afterSeq": 0`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText(/^Answered in .* answers, the newest first$/).waitFor();
    expect(await answer.innerText()).toContain('"RunEnd"');
  });
}
