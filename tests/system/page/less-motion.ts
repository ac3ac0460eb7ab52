import { expect, it } from "vitest";
import type { Stage } from "./stage.ts";

export function holdsStill(stage: () => Stage): void {
  it("moves nothing for whoever asks for less motion, also while a run goes on", async () => {
    const { page } = stage().open;
    const runId = await stage().product.send("Run code: await sleep(4000)");
    await page.emulateMedia({ reducedMotion: "reduce" });
    try {
      for (const path of [
        "/runs",
        `/runs/${runId}?view=chat`,
        `/runs/${runId}`,
        `/runs/${runId}?view=graph`,
        "/agents",
      ]) {
        await page.goto(stage().door.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect([path, await page.evaluate(findMoving)]).toEqual([path, []]);
      }
    } finally {
      await page.emulateMedia({ reducedMotion: "no-preference" });
      await stage().product.ended(runId);
    }
  });
}

/** What moves, or would, for longer than a blink; asked in the page. */
function findMoving(): string[] {
  const longest = (times: string): number => Math.max(...times.split(",").map((time) => Number.parseFloat(time)));
  const wouldMove = [...document.querySelectorAll("*")].filter((each) => {
    const { animationName, animationDuration, transitionDuration } = getComputedStyle(each);
    return (animationName !== "none" && longest(animationDuration) > 0.01) || longest(transitionDuration) > 0.01;
  });
  const moves = document
    .getAnimations()
    .filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration) > 10);
  return [
    ...wouldMove.map((each) => `${each.tagName} ${each.className}`),
    ...moves.map(({ effect }) => `${(effect as KeyframeEffect | null)?.target?.outerHTML.slice(0, 200)} moves`),
  ];
}
