import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { NARROW, THEMES, WIDE } from "./browser-page.ts";
import { toSmallPng } from "./small-png.ts";

const FOLDER = fileURLToPath(new URL("../../../docs/user/pictures/", import.meta.url));

/** Around a part of the screen. */
const EDGE = 12;
type Clip = { x: number; y: number; width: number; height: number };

/** A picture of the user manual, made where SOMA_PICTURES is 1: what is on the screen, or a part of it. */
export async function takePicture(page: Page, name: string, part?: Locator): Promise<void> {
  if (process.env.SOMA_PICTURES !== "1") return;
  await look(page, WIDE, "light");
  await part?.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = await part?.boundingBox();
  await save(page, `${name}-light-${WIDE.width}`, box ? around(box) : undefined);
}

/** What is on the screen, in both themes, wide and narrow. */
export async function takePictures(page: Page, name: string): Promise<void> {
  if (process.env.SOMA_PICTURES !== "1") return;
  for (const size of [WIDE, NARROW])
    for (const theme of THEMES) {
      await look(page, size, theme);
      await save(page, `${name}-${theme}-${size.width}`);
    }
  await look(page, WIDE, "light");
}

function around({ x, y, width, height }: Clip): Clip {
  return { x: x - EDGE, y: y - EDGE, width: width + 2 * EDGE, height: height + 2 * EDGE };
}

async function save(page: Page, name: string, clip?: Clip): Promise<void> {
  const shot = await page.screenshot({ caret: "hide", ...(clip === undefined ? {} : { clip }) });
  await writeFile(`${FOLDER}${name}.png`, toSmallPng(shot));
}

/** A pointer over something would be seen. */
async function look(page: Page, size: typeof WIDE, colorScheme: (typeof THEMES)[number]): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.mouse.move(0, 0);
  await settled(page);
}

/** What a new size asks of the page is drawn by the second frame after it. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}
