import { FIRST_FOLLOW_STATE } from "@soma/graphql/follow-state";
import { waitFor } from "@testing-library/react";
import { expect } from "vitest";
import { useLocation } from "wouter";
import type { TestApi } from "../../../../testing/api.ts";
import { open } from "../../../../testing/page.tsx";
import { idOf } from "../../../../testing/runs.ts";
import { toPlace } from "../../../place.ts";
import type { Feeds } from "../../../run-log/testing/feeds.ts";
import { history, type Line } from "../../../run-log/testing/history.ts";
import { Shell } from "../../../shell/shell.tsx";
import RunPage from "../run-page.tsx";

export const ID = idOf(1);

/** The page of a run, at a place in it. */
export const openRun = (api: TestApi, search = "") => open(`/runs/${ID}${search}`, <RunPage runId={ID} />, api);

/** The same within the shell, which hears the keys; of any run that the address names. */
export function openInShell(api: TestApi, search = "") {
  return open(
    `/runs/${ID}${search}`,
    <Shell tenant="local" subject="ada">
      <Named />
    </Shell>,
    api,
  );
}

function Named() {
  const place = toPlace(useLocation()[0]);
  return place.kind === "run" ? <RunPage key={place.id} runId={place.id} /> : null;
}

/** The run's events come; ids of its steps are those of this run. */
export async function feed(
  feeds: Feeds["feeds"],
  lines: readonly Line[],
  ended = true,
  from = 1,
  runId = ID,
): Promise<void> {
  await waitFor(() => expect(feeds.has(ID)).toBe(true));
  const events = history(lines, from).map((event) => ({
    ...event,
    runId,
    stepId: event.stepNumber === null ? null : `${ID}.${event.stepNumber}`,
  }));
  for (const event of events) feeds.get(ID)?.push(event);
  const [phase, head] = [ended ? ("ENDED" as const) : ("LIVE" as const), from + events.length - 1];
  feeds.get(ID)?.params.onState({ ...FIRST_FOLLOW_STATE, phase, received: head, head });
  if (ended) feeds.get(ID)?.end();
}
