import { type ReactNode, useCallback, useContext, useEffect } from "react";
import { useLocation, useSearch } from "wouter";
import { runChatPath } from "../../place.ts";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import { RunLogsContext, useRunLog } from "../../run-log/use-run-log.ts";
import { useLiveWords } from "../../run-parts/use-live-words.ts";
import { type PageKey, usePageKeys } from "../../ui/page-keys.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Loading } from "../../ui/states.tsx";
import type { Run } from "./answers.ts";
import { aroundStep, checkpointsOf, ownStart } from "./checkpoints.ts";
import { EventsView } from "./events-view.tsx";
import { focusList } from "./focus-list.ts";
import type { GoOn } from "./go-on.ts";
import { GraphView } from "./graph-view.tsx";
import { Inspector } from "./inspector.tsx";
import { nextProblem } from "./problems.ts";
import { parseRunAddress, type RunAddress, toRunAddress } from "./run-address.ts";
import styles from "./run-page.module.css";
import { StateView } from "./state-view.tsx";
import { TimelineView } from "./timeline-view.tsx";

interface RunViewsProps {
  run: Run;
  isGoing: boolean;
  onGoOn(from: GoOn): void;
}

/** The view of a run that the address asks for, with what it names beside it. */
export function RunViews({ run, isGoing, onGoOn }: RunViewsProps): ReactNode {
  const log = useRunLog(run.id);
  const { stale } = useLiveWords(run.id);
  const { address, change } = useAddress(run.id);
  useNews(run, log);
  useViewKeys({ run, log, address, onGoOn });
  const closeStep = useCallback((): void => {
    change({ step: undefined });
    focusList();
  }, [change]);
  if (log?.view.seq === 0 && log.closed !== null) return <Unread why={log.closed} />;
  // A history that is not empty is not shown as if it was.
  if (log === undefined || (log.view.seq === 0 && run.headSeq > 0)) return <Loading what="its events" />;
  const isBeside = address.view === "timeline" || address.view === "graph";
  const named = isBeside ? log.view.steps.find(({ number }) => number === address.step) : undefined;
  const isInspecting = named !== undefined || (address.view === "events" && address.event !== undefined);
  return (
    <div className={styles.body} data-view={address.view} data-stale={stale} data-inspecting={isInspecting}>
      <View {...{ run, log, address, isGoing, onGoOn, change }} onClose={address.step ? closeStep : focusList} />
      {named === undefined ? null : (
        <Inspector key={named.id} run={run} step={named} events={log.events} onClose={closeStep} onGoOn={onGoOn} />
      )}
    </div>
  );
}

interface ViewProps extends RunViewsProps {
  log: RunLogSnapshot;
  address: RunAddress;
  change(changes: Partial<RunAddress>): void;
  onClose(): void;
}

function View({ run, log, address, isGoing, onGoOn, change, onClose }: ViewProps): ReactNode {
  const open = (step: number): void => change({ step });
  switch (address.view) {
    case "events":
      return <EventsView runId={run.id} log={log} address={address} onChange={change} />;
    case "state":
      return <StateView {...{ run, log, address, onGoOn }} onChange={change} />;
    case "graph":
      return <GraphView runId={run.id} steps={log.view.steps} step={address.step} onOpen={open} onClose={onClose} />;
    case "timeline":
      return <TimelineView runId={run.id} {...{ log, address, isGoing }} onOpen={open} onClose={onClose} />;
  }
}

function Unread({ why }: { why: string }): ReactNode {
  const problem = { message: why, code: null, traceId: null, retryable: true };
  return (
    <div className={styles.notes}>
      <ProblemNote what="Its events could not be loaded." problem={problem} onRetry={() => location.reload()} />
    </div>
  );
}

function useAddress(runId: string): { address: RunAddress; change(changes: Partial<RunAddress>): void } {
  const search = useSearch();
  const [, navigate] = useLocation();
  const change = useCallback(
    (changes: Partial<RunAddress>): void => navigate(toRunAddress(runId, parseRunAddress(search), changes)),
    [runId, search, navigate],
  );
  return { address: parseRunAddress(search), change };
}

/** A run that had ended may have been rolled back, and goes on: the server then tells of events that were not followed. */
function useNews({ id, headSeq }: Run, log: RunLogSnapshot | undefined): void {
  const logs = useContext(RunLogsContext);
  const isBehind = log?.state.phase === "ENDED" && headSeq > log.view.seq;
  useEffect(() => {
    if (isBehind) logs.retryNow(id);
  }, [isBehind, logs, id]);
}

interface KeysParams {
  run: Run;
  log: RunLogSnapshot | undefined;
  address: RunAddress;
  onGoOn(from: GoOn): void;
}

function useViewKeys({ run, log, address, onGoOn }: KeysParams): void {
  const [, navigate] = useLocation();
  const to = (key: string, view: RunAddress["view"], what: string): PageKey => ({
    keys: `v ${key}`,
    what,
    does: () => navigate(toRunAddress(run.id, address, { view })),
  });
  const toProblem = (which: "next" | "before"): void => {
    const step = nextProblem(log?.view.steps ?? [], address.step, which);
    const view = address.view === "graph" ? "graph" : "timeline";
    if (step !== undefined) navigate(toRunAddress(run.id, address, { view, step }));
  };
  usePageKeys([
    to("t", "timeline", "Timeline of the run"),
    to("g", "graph", "Graph of the run"),
    to("s", "state", "State of the run"),
    to("e", "events", "Events of the run"),
    { keys: "v c", what: "Chat of the run", does: () => navigate(runChatPath(run.id)) },
    { keys: "↑ ↓", what: "Move in a list; in the graph ← → as well" },
    { keys: "Enter", what: "Open the step, the state or the event" },
    { keys: "n", what: "Open the next step that failed, was refused or broke off", does: () => toProblem("next") },
    { keys: "N", what: "The one before", does: () => toProblem("before") },
    {
      keys: "f",
      what: "Fork from what is shown: before the step, at the state, else at the start",
      does() {
        const seq = forkPoint(run, log, address);
        if (seq !== undefined) onGoOn({ how: "fork", seq });
      },
    },
    { keys: "Ctrl Enter", what: "Fork or roll back, once its dialog is open" },
  ]);
}

function forkPoint(run: Run, log: RunLogSnapshot | undefined, { view, seq, step }: RunAddress): number | undefined {
  const events = log?.events ?? [];
  if (view === "state") return seq ?? checkpointsOf(events).at(-1)?.seq;
  const named = log?.view.steps.find(({ number }) => number === step);
  const before = named === undefined ? undefined : aroundStep(events, named.id).before;
  return before?.runId === run.id ? before.seq : ownStart(events, run.id);
}
