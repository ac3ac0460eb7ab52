import { RunPageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { RUNS_PATH, runPath } from "../../place.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import { useRunLog, useStatus } from "../../run-log/use-run-log.ts";
import { useLiveWords } from "../../run-parts/use-live-words.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { STATUS } from "../../ui/status.tsx";
import { useArrival } from "../../ui/use-arrival.ts";
import type { Run } from "./answers.ts";
import { EventsView } from "./events-view.tsx";
import { focusList } from "./focus-list.ts";
import { Inspector } from "./inspector.tsx";
import { parseRunAddress, type RunAddress, toRunAddress } from "./run-address.ts";
import { RunHeader } from "./run-header.tsx";
import styles from "./run-page.module.css";
import { TimelineView } from "./timeline-view.tsx";

/** Usage and runs it started change while it goes on; its events come by themselves. */
const REFRESH_MS = 5_000;

/** One run: where its time went, what each step did, and every event of it. */
export default function RunPage({ runId }: { runId: string }): ReactNode {
  const [{ data, error, fetching }, ask] = useQuery(RunPageDocument, { id: runId });
  const reload = (): void => ask({ requestPolicy: "network-only" });
  const run = useKept(data?.run ?? undefined, runId);
  const isGoing = !isFinished(useStatus(runId, run?.status ?? "RUNNING"));
  useRefresh(() => isGoing && reload(), REFRESH_MS);
  const title = run === undefined ? (fetching ? "Loading…" : "Run") : titleOf(run);
  useTitle(run, title);
  useArrival(`${runPath(runId)} timeline`);
  return (
    <main id="main" className={styles.page} tabIndex={-1}>
      <RunHeader runId={runId} run={run} title={title} />
      {run === undefined && data === undefined && fetching ? <Loading what="the run" /> : null}
      {run === undefined && data !== undefined && error === undefined ? <Missing /> : null}
      {error === undefined ? null : (
        <div className={styles.notes}>
          <ProblemNote what={problemOf(run)} problem={toProblem(error)} onRetry={reload} />
        </div>
      )}
      {run === undefined ? null : <Views key={runId} run={run} isGoing={isGoing} />}
    </main>
  );
}

function Unread({ why }: { why: string }): ReactNode {
  const problem = { message: why, code: null, traceId: null, retryable: true };
  return (
    <div className={styles.notes}>
      <ProblemNote what="Its events could not be loaded." problem={problem} onRetry={() => location.reload()} />
    </div>
  );
}

function problemOf(run: Run | undefined): string {
  return run === undefined ? "The run could not be loaded." : "What the run used and started is not up to date.";
}

/** What was shown of a run stays while the server does not answer. */
function useKept(fresh: Run | undefined, runId: string): Run | undefined {
  const kept = useRef<Run>(undefined);
  if (fresh?.id === runId) kept.current = fresh;
  return kept.current?.id === runId ? kept.current : undefined;
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

function Views({ run, isGoing }: { run: Run; isGoing: boolean }): ReactNode {
  const log = useRunLog(run.id);
  const { stale } = useLiveWords(run.id);
  const { address, change } = useAddress(run.id);
  if (log?.view.seq === 0 && log.closed !== null) return <Unread why={log.closed} />;
  // A history that is not empty is not shown as if it was.
  if (log === undefined || (log.view.seq === 0 && run.headSeq > 0)) return <Loading what="its events" />;
  const close = (): void => {
    if (address.step !== undefined) change({ step: undefined });
    focusList();
  };
  if (address.view === "events")
    return (
      <div className={styles.body} data-stale={stale} data-inspecting={address.event !== undefined}>
        <EventsView log={log} address={address} onChange={change} />
      </div>
    );
  const named = log.view.steps.find(({ number }) => number === address.step);
  return (
    <div className={styles.body} data-stale={stale} data-inspecting={named !== undefined}>
      <TimelineView runId={run.id} {...{ log, address, isGoing }} onOpen={(step) => change({ step })} onClose={close} />
      {named === undefined ? null : <Inspector key={named.id} run={run} step={named} log={log} onClose={close} />}
    </div>
  );
}

function useAddress(runId: string): { address: RunAddress; change(changes: Partial<RunAddress>): void } {
  const address = parseRunAddress(useSearch());
  const [, navigate] = useLocation();
  return { address, change: (changes) => navigate(toRunAddress(runId, address, changes)) };
}

function useTitle(run: Run | undefined, title: string): void {
  const status = useStatus(run?.id ?? "", run?.status ?? "SUCCEEDED");
  useEffect(() => {
    document.title = `${isFinished(status) ? "" : `${STATUS[status].word} · `}${title} · soma`;
  }, [status, title]);
}
