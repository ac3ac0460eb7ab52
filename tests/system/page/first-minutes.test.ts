import { findTestBrowser } from "@soma/local/test-browser";
import { until } from "@soma/shared/testing/until";
import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { type BrowserPage, looksFine, openPage, reaches } from "./browser-page.ts";
import { copiesWhatWorks } from "./first-minutes-copies.ts";
import { needsNoMouse } from "./first-minutes-keys.ts";
import { takePicture, takePictures } from "./first-minutes-pictures.ts";
import { runsEverySample } from "./first-minutes-samples.ts";
import { isInSightWhole } from "./first-minutes-screens.ts";

const found = await findTestBrowser();
const title =
  "missing" in found ? `the first minutes (not run here: ${found.missing})` : "the first minutes on the page";

/** What somebody does who has never seen it, with nothing but the words on the screen. */
describe.skipIf("missing" in found)(title, () => {
  let product: ProductUnderTest;
  let browser: Browser;
  let open: BrowserPage;

  beforeAll(async () => {
    product = await createProduct();
    await product.start({ SOMA_FIRST_MINUTES: "on" });
    browser = await chromium.launch({ executablePath: "program" in found ? found.program : "" });
    open = await openPage(browser, { permissions: ["clipboard-read", "clipboard-write"] });
    await until("there are runs to look at", () => product.output().match(/^ {2}Look /gm)?.length === 3, 60_000);
  });
  afterAll(async () => {
    await browser.close();
    await product.close();
  });
  afterEach(() => expect(open.faults.splice(0)).toEqual([]));

  const toRoom = (name: string) => open.page.getByRole("navigation", { name: "Rooms" }).getByText(name).click();
  const follow = (name: string) => open.page.getByRole("link", { name }).click();

  it("begin by the link of the start, with what matters in sight and the kill below it", async () => {
    const { page } = open;
    await page.goto(/Open +(http\S+)/.exec(product.output())?.[1] ?? "");
    const tour = page.getByRole("region", { name: "Tour" });
    const samples = page.getByRole("region", { name: "Run a sample" });
    await samples.waitFor();
    expect(await samples.getByRole("listitem").count()).toBe(4);
    const end = async (part: typeof tour) => {
      const { y = 0, height = 0 } = (await part.boundingBox()) ?? {};
      return y + height;
    };
    const fold = (await page.locator("form:has(#message)").boundingBox())?.y ?? 0;
    const ends = [await end(tour), await end(samples)];
    expect(ends.map((bottom) => bottom <= fold)).toEqual([true, true]);
    const kill = await page.getByRole("region", { name: "Kill the worker" }).boundingBox();
    expect(kill?.y).toBeGreaterThan(ends[1] ?? 0);
    expect(await page.getByRole("complementary").count()).toBe(0);
    await takePictures(page, "welcome");
    await looksFine(page);
  });

  it("show a run that survived the kill of its worker: the gap, and that another one went on", async () => {
    const { page } = open;
    await follow("Open the run that survived a kill");
    await reaches(page, "ENDED");
    await page.getByText("Worker lost, taken over at").waitFor();
    expect(await page.getByText("Recovered", { exact: true }).locator("..").innerText()).toMatch(/^Recovered\s+1×$/);
    await takePictures(page, "run");
    await page.goBack();
  });

  it("let the worker be killed, and tell that nothing was lost and nothing done twice", async () => {
    const { page } = open;
    const kill = page.getByRole("region", { name: "Kill the worker" });
    await kill.getByText("The worker is ready").waitFor();
    const link = kill.getByRole("link", { name: "See the run" });
    const before = await link.getAttribute("href");
    await kill.getByRole("button", { name: "Kill the worker now" }).click();
    await until("another run was taken over", async () => (await link.getAttribute("href")) !== before);
    await kill.locator("dl[data-waiting='0']").waitFor();
    expect(await kill.locator("dl").textContent()).toMatch(/^lost0repeated0back after[\d.,]+ m?s$/);
    await takePicture(page, "killed", kill);
  });

  it("have a call denied, and lead from its step to the reason and the policy", async () => {
    const { page } = open;
    await follow("Ask for what is not allowed");
    const message = page.getByLabel("Message", { exact: true });
    await page.waitForFunction(() => document.activeElement?.id === "message");
    expect(await message.inputValue()).toBe("Run code: console.log(1)");
    await message.press("Enter");
    await reaches(page, "ENDED");
    const denied = page.getByRole("complementary").getByRole("listitem").filter({ hasText: "Denied by policy" });
    await denied.first().waitFor();
    await takePictures(page, "denied");
    await denied.first().getByRole("link").click();
    const decision = page.getByRole("complementary").getByRole("region", { name: "Decision" });
    await decision.getByText("Policy", { exact: true }).waitFor();
    expect(await decision.innerText()).toMatch(/denied: \w+.*restricted/s);
    await takePictures(page, "decision");
  });

  it("let a run be forked, with another answer and the first one left as it was", async () => {
    const { page } = open;
    await toRoom("Chat");
    await follow("Fork the run that was denied");
    await reaches(page, "ENDED");
    const first = page.url();
    const lines = await page.locator("[data-step]").allInnerTexts();
    await page.getByRole("button", { name: "Fork…" }).click();
    const dialog = page.getByRole("dialog", { name: "Fork the run" });
    await dialog.getByLabel("What is asked").fill("What is 6*7?");
    await dialog.getByText(/after this point asked/).waitFor();
    await dialog.getByRole("button", { name: "Fork", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    await reaches(page, "ENDED");
    await page.getByText("Forked from").waitFor();
    const views = page.getByRole("navigation", { name: "Views of the run" });
    for (const name of ["Graph", "State", "Events"]) {
      await views.getByText(name).click();
      await page
        .locator(`[data-view=${name.toLowerCase()}] [role=tree], [data-view=graph] [data-node]`)
        .first()
        .waitFor();
      await takePictures(page, name.toLowerCase());
    }
    await views.getByText("Chat").click();
    await page.getByRole("log").getByText("6*7 = 42.").waitFor();
    await page.goto(first);
    await reaches(page, "ENDED");
    expect(lines.length).toBeGreaterThan(0);
    expect(await page.locator("[data-step]").allInnerTexts()).toEqual(lines);
  });

  it("have every run in one list, the agents with what starts them, and an API that answers a query", async () => {
    const { page } = open;
    await toRoom("Runs");
    await page.getByRole("table").waitFor();
    await takePictures(page, "runs");
    await toRoom("Agents");
    await page.getByRole("navigation", { name: "Agents" }).getByText("assistant", { exact: true }).click();
    await page.getByRole("heading", { name: "Graph", exact: true }).waitFor();
    await takePictures(page, "agents");
    await toRoom("API");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText(/^Answered in/).waitFor();
    await takePictures(page, "api");
  });

  runsEverySample(() => ({ product, open }));
  copiesWhatWorks(() => ({ product, open }));
  isInSightWhole(() => ({ product, open }));
  needsNoMouse(() => ({ product, open }));
});
