import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useRunLog } from "../../run-log/use-run-log.ts";
import type { RunView } from "../../run-log/view.ts";
import { NOTHING_SPOKEN, type Spoken, toAnnouncements } from "./announcements.ts";
import { createSpeaker, type Speaker } from "./speaker.ts";

/** A run that ended before this page saw it is history, unless it is as young as this: then it was quick. */
const FRESH_MS = 30_000;
/** Announcements that stand in the region; a reader that is slow still finds the last ones there. */
const KEPT = 5;

interface Told {
  runId: string;
  spoken: Spoken;
  /** True for a run that was history when it was first seen. */
  silent: boolean;
}

interface Announcement {
  number: number;
  text: string;
}

/**
 * Tells those who listen what happens in the newest run, by whole sentences. It outlives the run: what waits to be said is
 * said although another run follows, and each announcement is added beside those before, never in their place.
 */
export function Announcer({ run }: { run: RunSummaryFragment | undefined }): ReactNode {
  const view = useRunLog(run?.id)?.view;
  const [said, setSaid] = useState<readonly Announcement[]>([]);
  const told = useRef<Told>(undefined);
  const speaker = useRef<Speaker>(undefined);

  useEffect(() => {
    const mine = createSpeaker((text) => setSaid((before) => add(before, text)));
    speaker.current = mine;
    return mine.close;
  }, []);
  useEffect(() => {
    if (run === undefined || view === undefined || view.seq === 0) return;
    const before = told.current?.runId === run.id ? told.current : firstSight(run.id, view);
    const next = before.silent ? undefined : toAnnouncements(before.spoken, view);
    told.current = next === undefined ? before : { ...before, spoken: next.spoken };
    speaker.current?.say(next?.sentences ?? []);
  }, [run, view]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite" aria-atomic="false" data-announcer="">
      {said.map(({ number, text }) => (
        <p key={number}>{text}</p>
      ))}
    </div>
  );
}

function firstSight(runId: string, view: RunView): Told {
  const silent = isFinished(view.status) && Date.now() - Date.parse(view.startedAt ?? "") > FRESH_MS;
  return { runId, spoken: NOTHING_SPOKEN, silent };
}

function add(before: readonly Announcement[], text: string): readonly Announcement[] {
  return [...before.slice(1 - KEPT), { number: (before.at(-1)?.number ?? 0) + 1, text }];
}
