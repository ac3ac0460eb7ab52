import { CancelRunDocument } from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import { expect, it } from "vitest";
import { DIALOGS, openScreen } from "./screens.ts";
import type { Stage } from "./stage.ts";

const VIEWS = ["", "?view=chat", "?view=graph", "?view=state", "?view=events"];

export function holdsStill(stage: () => Stage): void {
  it("moves nothing for whoever asks for less motion, also while a run goes on", async () => {
    const { page } = stage().open;
    const runId = await stage().product.send("Run code: await sleep(60000)");
    await page.emulateMedia({ reducedMotion: "reduce" });
    try {
      const paths = ["/", "/runs", "/agents", "/agents/assistant", "/api"];
      for (const path of [...paths, ...VIEWS.map((view) => `/runs/${runId}${view}`)]) {
        await page.goto(stage().door.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect([path, await page.evaluate(findMoving)]).toEqual([path, []]);
      }
      const runs = { asked: runId, ended: await endedRun(stage()) };
      for (const screen of DIALOGS) {
        await openScreen(stage(), runs, screen);
        expect([screen.what, await page.evaluate(findMoving)]).toEqual([screen.what, []]);
      }
    } finally {
      await page.emulateMedia({ reducedMotion: "no-preference" });
      await stage()
        .product.client()
        .request(CancelRunDocument, { input: { runId, idempotencyKey: newId() } });
      await stage().product.ended(runId);
    }
  });
}

async function endedRun({ product }: Stage): Promise<string> {
  const runId = await product.send("What is 7*7?");
  await product.ended(runId);
  return runId;
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
