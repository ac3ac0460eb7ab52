import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ForkRunDocument, RunEventsPageDocument } from "@soma/graphql/operations";
import { findTestProgram } from "@soma/local/test-programs";
import { newId } from "@soma/shared/ids";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { RunDetail } from "../product.ts";
import type { Stage } from "./stage.ts";

type InUse = Pick<Stage, "product" | "open">;

/** What the step detail tells, as far as it is looked at here. */
interface Told {
  id: string;
  number: number;
  prompt: { messages: { text: string }[] } | null;
  decision: { allow: boolean; reason: string } | null;
  invocation: { status: string; output: string; decision: { reason: string } | null } | null;
}

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

/** Opens a step in the timeline of a run, as a reader does. */
async function openStep({ product, open }: InUse, runId: string, number: number): Promise<void> {
  await open.page.goto(`${product.url()}/runs/${runId}`);
  await open.page.locator(`[data-step="${number}"]`).click();
  // The command names the data folder once it is known.
  await open.page.getByRole("button", { name: "Show CLI" }).click();
  await open.page.getByRole("figure", { name: "CLI" }).getByText(product.dataDir).waitFor();
}

/** Writes a document into the page of the API, runs it there, and gives the answer. */
async function askTheApi({ product, open: { page } }: InUse): Promise<unknown> {
  await page.goto(`${product.url()}/api`);
  const written = page.getByRole("textbox", { name: "Document" });
  await written.click();
  for (const key of ["Control+a", "Delete", "Control+v"]) await page.keyboard.press(key);
  await written.getByText("StepDetail").waitFor();
  const answer = page.waitForResponse((response) => response.request().postData()?.includes("StepDetail") === true);
  await page.keyboard.press("Control+Enter");
  return (await answer).json();
}

/** Runs each of the three copies of a step, which is of its run or of another one, and gives what all of them tell. */
async function copiesOf(stage: InUse, runId: string, number: number, owner = runId): Promise<Told> {
  const { product, open } = stage;
  await openStep(stage, runId, number);
  const command = await copy(open.page, "CLI");
  expect(command).toBe(`npx soma --data ${product.dataDir} runs show ${owner} --step ${number}\n`);
  const curl = await copy(open.page, "curl");
  await copy(open.page, "GraphQL");
  const [byCommand, byCurl, byApi] = await Promise.all([
    paste(`${command.trim()} --json`),
    paste(curl),
    askTheApi(stage),
  ]);
  const told = JSON.parse(byCommand) as Told;
  expect(told).toMatchObject({ id: `${owner}.${number}`, number });
  expect([JSON.parse(byCurl), byApi]).toEqual([{ data: { node: told } }, { data: { node: told } }]);
  return told;
}

function numberOf({ steps }: RunDetail, which: (step: RunDetail["steps"]["nodes"][number]) => boolean): number {
  const number = steps.nodes.find(which)?.number;
  return number ?? expect.unreachable(`there is no such step among ${JSON.stringify(steps.nodes)}`);
}

/** Another run that goes on where a step of this one had ended. */
async function forkAfter({ product }: InUse, runId: string, number: number): Promise<RunDetail> {
  const { runEventsPage } = await product.client().request(RunEventsPageDocument, { runId, afterSeq: 0 });
  const end = runEventsPage.events.find(({ type, stepId }) => {
    return type === "STEP_SUCCEEDED" && stepId === `${runId}.${number}`;
  });
  const input = { runId, atSeq: end?.seq ?? expect.unreachable(), idempotencyKey: newId() };
  const { forkRun } = await product.client().request(ForkRunDocument, { input });
  return product.ended(forkRun.run.id);
}

/** What is copied of a step, pasted where it belongs. */
export function copiesWhatWorks(stage: () => InUse): void {
  it("copies a denied step as GraphQL, curl and a command that each say the same where they are pasted", async () => {
    if ((await findTestProgram({ names: ["curl"], debian: "curl" })) === undefined)
      throw new Error("this test needs curl, and it is not on the PATH; install it (Debian: apt-get install curl)");
    const { product } = stage();
    const runId = await product.send("run code: console.log('denied')", { role: "restricted" });
    const number = numberOf(await product.ended(runId), ({ decision }) => decision?.allow === false);
    const told = await copiesOf(stage(), runId, number);
    const { reason } = told.decision ?? told.invocation?.decision ?? expect.unreachable();
    const { stdout } = await product.soma("runs", "show", runId, "--step", String(number));
    expect(stdout).toContain(`denied: ${reason}`);
  });

  it("copies the same of a step that asked a model, of one that ran a tool, and of one that a fork has from its origin", async () => {
    const { product } = stage();
    const runId = await product.send("run code: console.log('copied')");
    const detail = await product.ended(runId);
    const model = numberOf(detail, ({ nodeType }) => nodeType === "model");
    const tool = numberOf(detail, ({ nodeType }) => nodeType === "tool");
    const asked = await copiesOf(stage(), runId, model);
    expect(asked.prompt?.messages.at(-1)?.text).toBe("run code: console.log('copied')");
    const used = await copiesOf(stage(), runId, tool);
    expect(used.invocation).toMatchObject({ status: "SUCCEEDED", output: expect.stringContaining("copied") });
    const fork = await forkAfter(stage(), runId, tool);
    expect(await copiesOf(stage(), fork.id, tool, runId)).toEqual(used);
  });
}
