import { expect, it } from "vitest";
import { focused, reaches, tabTo } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** The same minutes for who has no mouse: nothing here is pressed but keys. */
export function needsNoMouse(stage: () => Pick<Stage, "product" | "open">): void {
  it("can be gone through by keys alone: start, chat, find a run, open a step, copy as curl, fork", async () => {
    const { open, product } = stage();
    const { page } = open;
    const { keyboard } = page;
    await page.goto((await product.soma("signin")).stdout.trim());
    await page.getByRole("heading", { name: "Run a sample" }).waitFor();
    await tabTo(page, /^Run Memory$/, "Shift+Tab");
    await keyboard.press("Enter");
    await page.getByText("Your favourite number is 37.").waitFor();
    expect(await focused(page)).toBe("Run again Memory");

    await tabTo(page, /^message$/);
    await keyboard.type("What is 6*7?");
    await keyboard.press("Enter");
    await reaches(page, "ENDED");
    expect(await page.getByRole("log").innerText()).toContain("6*7 = 42.");

    await tabTo(page, /^Conversation$/, "Shift+Tab");
    for (const key of ["g", "r"]) await keyboard.press(key);
    await page.getByRole("table").waitFor();
    await keyboard.press("/");
    await keyboard.type("6*7");
    await keyboard.press("Enter");
    await page.waitForURL(/\/runs\?text=6\*7$/);
    await page.getByRole("row").nth(2).waitFor();
    await tabTo(page, /^What is 6\*7\?$/);
    await keyboard.press("Enter");

    await reaches(page, "ENDED");
    await tabTo(page, /^Steps of the run$/);
    for (const key of ["Home", "ArrowDown", "Enter"]) await keyboard.press(key);
    await page.getByRole("complementary", { name: "Step 2" }).waitFor();
    expect(await focused(page)).toBe("Step 2");
    await tabTo(page, /^Copy as curl$/);
    await keyboard.press("Enter");
    await page.getByText("copied", { exact: true }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl -sS 'http:.*\/graphql'/);
    await keyboard.press("Escape");

    await keyboard.press("f");
    const dialog = page.getByRole("dialog", { name: "Fork the run" });
    await dialog.getByText(/after this point asked/).waitFor();
    await keyboard.press("Control+a");
    await keyboard.type("What is 6*9?");
    await keyboard.press("Control+Enter");
    await dialog.waitFor({ state: "detached" });
    await reaches(page, "ENDED");
    const forked = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    expect((await product.ended(forked)).answer).toBe("6*9 = 54.");
  });
}
