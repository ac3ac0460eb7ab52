import { findTestBrowser } from "@soma/local/test-browser";
import { chromium } from "playwright-core";
import { type BrowserPage, openPage } from "./browser-page.ts";

/** The same signed-in person in a browser whose texts have so many pixels: 16 is usual. */
export async function withTexts(pixels: number, { context }: BrowserPage): Promise<BrowserPage> {
  const found = await findTestBrowser();
  const executablePath = "program" in found ? found.program : "";
  const browser = await chromium.launch({ executablePath, args: [`--blink-settings=defaultFontSize=${pixels}`] });
  return openPage(browser, { storageState: await context.storageState() });
}
