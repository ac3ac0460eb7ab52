import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { isErased } from "@soma/schemas/erased-payload";
import { showHidden } from "@soma/schemas/hidden-characters";
import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { Markdown } from "../../markdown/markdown.tsx";
import { runChatPath, runPath } from "../../place.ts";
import { questionOf } from "../../run-log/question-of.ts";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import { useRunLog } from "../../run-log/use-run-log.ts";
import { type Item, newerBadCalls, newerStatus, type RunView } from "../../run-log/view.ts";
import { Approvals } from "../../run-parts/approvals.tsx";
import { useApprovals } from "../../run-parts/use-approvals.ts";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusShape } from "../../ui/icons.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { useTail } from "../../ui/use-tail.tsx";
import { toClock, toCount } from "../../ui/words.ts";
import { Question } from "./question.tsx";
import { RetryButton } from "./retry-button.tsx";
import { ToolCard } from "./tool-card.tsx";
import styles from "./turn.module.css";

/** More texts and cards of one run are on the page only when asked for. */
const SHOWN_ITEMS = 200;
const ALONE: readonly string[] = [];

/**
 * One message and what came of it. Its history is loaded when it comes near the screen; until then the list's summary
 * stands.
 */
export const Turn = memo(function Turn({
  run,
  versions = ALONE,
  selected,
  newest,
  isRead,
}: {
  run: RunSummaryFragment;
  /** As Question has them. */
  versions?: readonly string[] | undefined;
  selected: boolean;
  newest: boolean;
  /** Whether the reader of the conversation is further up than its end. */
  isRead?: (() => boolean) | undefined;
}): ReactNode {
  const article = useRef<HTMLElement>(null);
  const near = useNear(article);
  const log = useRunLog(selected || newest || near ? run.id : undefined);
  const view = log === undefined || log.view.seq === 0 ? undefined : log.view;
  const status = newerStatus(run.status, view);
  const fault = log === undefined ? null : faultOf(log);
  const asking = status === "WAITING_APPROVAL";
  // What was asked may have been decided by somebody else, which is said then.
  const hasAsked = useRef(false);
  hasAsked.current ||= asking;
  return (
    <article
      ref={article}
      className={styles.turn}
      data-selected={selected}
      data-newest={newest}
      aria-label={`Turn of ${toClock(run.createdAt)}`}
    >
      <Question run={run} text={view?.question || questionOf(run.input)} versions={versions} />
      {view === undefined ? (
        <Summary run={run} />
      ) : (
        <Items runId={run.id} {...{ view, isRead }} going={fault === null && !asking && !isFinished(status)} />
      )}
      {fault === null ? null : <p className={`${styles.notice} ${styles.failed}`}>{showHidden(fault)}</p>}
      {hasAsked.current ? <Asks runId={run.id} isAsking={asking} log={log} /> : null}
      <p className={styles.foot}>
        <StatusWord status={status} badCalls={newerBadCalls(run.outcome, view)} />
        {selected ? <span>Its steps are listed</span> : <Link href={runChatPath(run.id)}>Show its steps</Link>}
        <Link href={runPath(run.id)}>Timeline</Link>
        {newest && isFinished(status) && status !== "SUCCEEDED" && !isErased(run.input) ? (
          <RetryButton run={run} />
        ) : null}
      </p>
    </article>
  );
});

interface AsksProps {
  runId: string;
  isAsking: boolean;
  log: RunLogSnapshot | undefined;
}

function Asks({ runId, isAsking, log }: AsksProps): ReactNode {
  return <Approvals questions={useApprovals(runId, isAsking, log)} />;
}

function Summary({ run }: { run: RunSummaryFragment }): ReactNode {
  if (run.answer !== null) return <Markdown text={run.answer} />;
  return run.error === null ? null : (
    <p className={`${styles.notice} ${styles.failed}`}>The run failed: {showHidden(run.error.message)}</p>
  );
}

/** Why what is shown of a run may not be all of it, and will not become more. */
function faultOf({ state, closed, view }: RunLogSnapshot): string | null {
  if (state.phase === "BROKEN")
    return `What comes after event ${toCount(view.seq)} does not fit what came before. It is not shown, as it cannot be trusted`;
  return closed === null ? null : `The rest could not be loaded: ${closed}`;
}

interface ItemsProps {
  runId: string;
  view: RunView;
  going: boolean;
  isRead: (() => boolean) | undefined;
}

function Items({ runId, view, going, isRead }: ItemsProps): ReactNode {
  const { shown, note } = useTail(view.items, SHOWN_ITEMS, isRead);
  return (
    <div className={styles.items}>
      {note}
      {shown.map((item) => (
        <ItemPart key={item.key} item={item} runId={runId} />
      ))}
      {going ? <Doing view={view} /> : null}
    </div>
  );
}

const ItemPart = memo(function ItemPart({ item, runId }: { item: Item; runId: string }): ReactNode {
  if (item.kind === "tool") return <ToolCard card={item} runId={runId} />;
  if (item.kind === "thinking")
    return (
      <details className={styles.thinking} data-streaming={item.open && item.status === "RUNNING"}>
        <summary>{item.open ? "Thinking…" : "Thought before it answered"}</summary>
        <p>{showHidden(item.text)}</p>
      </details>
    );
  if (item.kind === "notice")
    return (
      <p className={`${styles.notice} ${styles[item.tone]}`}>
        <time dateTime={item.at}>{toClock(item.at)}</time> {showHidden(item.text)}
      </p>
    );
  return (
    <div className={styles.text} data-status={item.status} data-streaming={item.open && item.status === "RUNNING"}>
      <Markdown text={item.text} />
      {item.status === "SUCCEEDED" || item.status === "RUNNING" ? null : (
        <p className={styles.broken}>
          <StatusWord status={item.status} /> {showHidden(item.note ?? "The text above is what had come")}
        </p>
      )}
    </div>
  );
});

/** What the run does while nothing streams, so that a wait says what it waits for. */
function Doing({ view }: { view: RunView }): ReactNode {
  const streaming = view.items.some((item) => item.kind !== "notice" && item.open && item.status === "RUNNING");
  if (streaming) return null;
  const step = view.steps.findLast(({ status }) => status === "RUNNING" || status === "WAITING");
  const words = view.cancelRequested ? "Stopping…" : (step?.note ?? step?.summary ?? "");
  return (
    <p className={styles.doing}>
      <StatusShape icon={step?.status === "WAITING" ? "clock" : "half"} />
      {words === "" ? "Working…" : showHidden(words)}
      {step === undefined ? null : <Elapsed since={step.startedAt} />}
    </p>
  );
}

/** True once the element has been near the screen. */
function useNear(element: { current: HTMLElement | null }): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setNear(true),
      { rootMargin: "200px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [near, element]);
  return near;
}
