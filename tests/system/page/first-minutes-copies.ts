import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findTestProgram } from "@soma/local/test-programs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { Stage } from "./stage.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);

/** What a shell in the project prints when somebody pastes a text into it. */
async function paste(text: string): Promise<string> {
  const env = { ...process.env, SOMA_URL: "", SOMA_TOKEN: "" };
  return (await run("bash", ["-c", text], { cwd: root, env })).stdout;
}

/** What the page copies of the step that is open, by the name on its button. */
async function copy(page: Page, name: string): Promise<string> {
  const button = page.getByRole("complementary").getByRole("button", { name: `Copy as ${name}` });
  await button.click();
  await button.locator("..").getByText("copied", { exact: true }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** What is copied of a step, pasted where it belongs. */
export function copiesWhatWorks(stage: () => Pick<Stage, "product" | "open">): void {
  it("copies a step as GraphQL, curl and a command that each say the same where they are pasted", async () => {
    if ((await findTestProgram({ names: ["curl"], debian: "curl" })) === undefined)
      throw new Error("this test needs curl, and it is not on the PATH; install it (Debian: apt-get install curl)");
    const { open, product } = stage();
    const { page } = open;
    const runId = await product.send("run code: console.log('denied')", { role: "restricted" });
    await product.ended(runId);
    await page.goto(`${product.url()}/runs/${runId}`);
    await page.getByRole("treeitem").filter({ hasText: "Denied by policy" }).first().click();
    const number = new URL(page.url()).searchParams.get("step");
    await page.getByRole("button", { name: "Show CLI" }).click();
    await page.getByRole("figure", { name: "CLI" }).getByText(product.dataDir).waitFor();

    const command = await copy(page, "CLI");
    expect(command).toBe(`npx soma --data ${product.dataDir} runs show ${runId} --step ${number}\n`);
    const told = JSON.parse(await paste(`${command.trim()} --json`));
    expect(told).toMatchObject({ id: `${runId}.${number}`, number: Number(number) });
    const { reason } = told.decision ?? told.invocation.decision;
    expect(await paste(command)).toContain(`denied: ${reason}`);

    expect(JSON.parse(await paste(await copy(page, "curl")))).toEqual({ data: { node: told } });

    await copy(page, "GraphQL");
    await page.goto(`${product.url()}/api`);
    const written = page.getByRole("textbox", { name: "Document" });
    await written.click();
    for (const key of ["Control+a", "Delete", "Control+v"]) await page.keyboard.press(key);
    await written.getByText("StepDetail").waitFor();
    const answer = page.waitForResponse((response) => response.request().postData()?.includes("StepDetail") === true);
    await page.keyboard.press("Control+Enter");
    expect(await (await answer).json()).toEqual({ data: { node: told } });
  });
}
