import { RunPageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type ReactNode, useContext, useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { useKept } from "../../graphql/use-kept.ts";
import { useOld } from "../../graphql/use-old.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { RUNS_PATH, runPath } from "../../place.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import { RunLogsContext, useRunLog, useStatus } from "../../run-log/use-run-log.ts";
import { Approvals } from "../../run-parts/approvals.tsx";
import { useApprovals } from "../../run-parts/use-approvals.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { Empty, Loading, OldNote } from "../../ui/states.tsx";
import { STATUS } from "../../ui/status.tsx";
import { useArrival } from "../../ui/use-arrival.ts";
import type { Run } from "./answers.ts";
import type { GoOn } from "./go-on.ts";
import { GoOnDialog } from "./go-on-dialog.tsx";
import { parseRunAddress, VIEWS } from "./run-address.ts";
import { RunHeader } from "./run-header.tsx";
import styles from "./run-page.module.css";
import { RunViews } from "./run-views.tsx";

/** Usage and runs it started change while it goes on; its events come by themselves. */
const REFRESH_MS = 5_000;

/** One run: where its time went, what each step did and left, every event of it; and where else it may go on from. */
export default function RunPage({ runId }: { runId: string }): ReactNode {
  const [answer, ask] = useQuery(RunPageDocument, { id: runId });
  const { data, error, fetching } = answer;
  const reload = (): void => ask({ requestPolicy: "network-only" });
  const run = useKept(data?.run?.id === runId ? data.run : undefined, runId);
  const isGoing = !isFinished(useStatus(runId, run?.status ?? "RUNNING"));
  useRefresh(answer, () => isGoing && reload(), REFRESH_MS);
  // What has ended does not grow old.
  const { old, problem } = useOld(answer, run !== undefined && isGoing);
  const isMissing = data !== undefined && data.run === null && !fetching;
  const title = run === undefined ? emptyTitle(fetching, isMissing) : titleOf(run);
  useTitle(run, title);
  const [goingOn, setGoingOn] = useState<GoOn>();
  const [wentOn, setWentOn] = useState(0);
  // What was pressed to roll it back is gone with its view.
  useArrival(`${runPath(runId)} timeline ${wentOn}`);
  return (
    <main id="main" className={styles.page} tabIndex={-1}>
      <RunHeader runId={runId} run={run} title={title} onGoOn={setGoingOn} />
      {run === undefined && data === undefined && fetching ? <Loading what="the run" /> : null}
      {run === undefined && data !== undefined && error === undefined ? <Missing /> : null}
      {old === undefined ? null : (
        <div className={styles.notes}>
          <OldNote {...old} onRetry={reload} />
        </div>
      )}
      {problem === undefined ? null : (
        <div className={styles.notes}>
          <ProblemNote what={problemOf(run)} problem={problem} onRetry={reload} />
        </div>
      )}
      {run === undefined ? null : <Questions key={`${runId} asks`} run={run} />}
      {run === undefined ? null : <RunViews key={runId} run={run} isGoing={isGoing} onGoOn={setGoingOn} />}
      {run === undefined || goingOn === undefined ? null : (
        <GoingOn
          run={run}
          from={goingOn}
          onClose={() => setGoingOn(undefined)}
          onDone={() => setWentOn((times) => times + 1)}
        />
      )}
    </main>
  );
}

/** What it asks a person stands before all else; it may be paused meanwhile, and is asked of all the same. */
function Questions({ run: { id, status: listed } }: { run: Run }): ReactNode {
  const status = useStatus(id, listed);
  const isAsking = status === "WAITING_APPROVAL" || status === "PAUSED";
  const questions = useApprovals(id, isAsking, useRunLog(id));
  if (questions.all.length === 0 && questions.problem === undefined) return null;
  return (
    <ScrollPart className={styles.questions} label="What it asks">
      <Approvals questions={questions} />
    </ScrollPart>
  );
}

interface GoingOnProps {
  run: Run;
  from: GoOn;
  onClose(): void;
  /** After it was closed. */
  onDone(): void;
}

function GoingOn({ run, from, onClose, onDone }: GoingOnProps): ReactNode {
  const logs = useContext(RunLogsContext);
  const [, navigate] = useLocation();
  // Numbers are without gaps, from 1.
  const event = logs.peek(run.id)?.events[from.seq - 1];
  const done = (runId: string): void => {
    onClose();
    onDone();
    navigate(runPath(runId));
  };
  return <GoOnDialog run={run} from={from} event={event} onClose={onClose} onDone={done} />;
}

function problemOf(run: Run | undefined): string {
  return run === undefined ? "The run could not be loaded." : "What the run used and started is not up to date.";
}

function Missing(): ReactNode {
  return (
    <div className={styles.notes}>
      <Empty lead="There is no run with this id here.">
        <p>It may have been removed, or the link may be another tenant’s.</p>
        <p>
          <Link href={RUNS_PATH}>Show all runs</Link>
        </p>
      </Empty>
    </div>
  );
}

function emptyTitle(isLoading: boolean, isMissing: boolean): string {
  if (isLoading) return "Loading…";
  return isMissing ? "Not found" : "Run";
}

/** With the view where it is not the first one, so that places of a history are told apart. */
function useTitle(run: Run | undefined, title: string): void {
  const status = useStatus(run?.id ?? "", run?.status ?? "SUCCEEDED");
  const { view } = parseRunAddress(useSearch());
  useEffect(() => {
    const words = [
      isFinished(status) ? "" : STATUS[status].word,
      view === "timeline" ? "" : VIEWS[view],
      title,
      "soma",
    ];
    document.title = words.filter((word) => word !== "").join(" · ");
  }, [status, view, title]);
}
