import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useRunLog } from "../../run-log/use-run-log.ts";
import { NOTHING_SPOKEN, toAnnouncements } from "./announcements.ts";
import { createSpeaker, type Speaker } from "./speaker.ts";

/** A run that ended before this page saw it is history, unless it is as young as this: then it was quick. */
const FRESH_MS = 30_000;

/** Tells those who listen what happens in the newest run, by whole sentences. Make it anew for another run. */
export function Announcer({ run }: { run: RunSummaryFragment | undefined }): ReactNode {
  const view = useRunLog(run?.id)?.view;
  const [text, setText] = useState("");
  const spoken = useRef(NOTHING_SPOKEN);
  const silent = useRef<boolean>(undefined);
  const speaker = useRef<Speaker>(undefined);

  useEffect(() => {
    const mine = createSpeaker(setText);
    speaker.current = mine;
    return mine.close;
  }, []);
  useEffect(() => {
    if (view === undefined || view.seq === 0) return;
    silent.current ??= isFinished(view.status) && Date.now() - Date.parse(view.startedAt ?? "") > FRESH_MS;
    if (silent.current) return;
    const next = toAnnouncements(spoken.current, view);
    spoken.current = next.spoken;
    speaker.current?.say(next.sentences);
  }, [view]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-announcer="">
      {text}
    </div>
  );
}
