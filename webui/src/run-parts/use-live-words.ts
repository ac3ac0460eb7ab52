import { FIRST_FOLLOW_STATE, type FollowState } from "@soma/graphql/follow-state";
import { type LiveWords, liveWords } from "../run-log/live-words.ts";
import { useRunLog } from "../run-log/use-run-log.ts";
import { useNow } from "../ui/use-now.ts";
import { useOnline } from "../ui/use-online.ts";
import { toClock } from "../ui/words.ts";

/** The live indicator's words for a run, kept true while time passes. */
export function useLiveWords(runId: string | undefined): LiveWords & { state: FollowState } {
  const log = useRunLog(runId);
  const online = useOnline();
  const state = log?.state ?? FIRST_FOLLOW_STATE;
  const now = useNow(state.phase !== "ENDED");
  const heardAt = log?.heardAt ?? now;
  const facts = {
    state,
    shown: log?.view.seq ?? 0,
    online,
    closed: log?.closed ?? null,
    heardAgoMs: now - heardAt,
    eventAgoMs: now - (log?.eventAt ?? heardAt),
    asOf: toClock(heardAt),
  };
  return { ...liveWords(facts), state };
}
