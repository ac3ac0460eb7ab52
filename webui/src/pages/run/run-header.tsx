import { isFinished } from "@soma/graphql/run-status";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { Link, useSearch } from "wouter";
import { runChatPath, runPath } from "../../place.ts";
import { useOutcome, useRunLog } from "../../run-log/use-run-log.ts";
import { LiveIndicator } from "../../run-parts/live-indicator.tsx";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { toCount, toLatency, toWhen } from "../../ui/words.ts";
import type { Run } from "./answers.ts";
import type { GoOn } from "./go-on.ts";
import { RunActions } from "./run-actions.tsx";
import { parseRunAddress, toRunAddress, VIEWS } from "./run-address.ts";
import styles from "./run-page.module.css";

interface RunHeaderProps {
  runId: string;
  /** Undefined before the server has answered. */
  run: Run | undefined;
  title: string;
  onGoOn(from: GoOn): void;
}

/** What a run is and how it stands, above each of its views. */
export function RunHeader({ runId, run, title, onGoOn }: RunHeaderProps): ReactNode {
  return (
    <div className={styles.head}>
      <div className={styles.line}>
        <h1 tabIndex={-1}>{title}</h1>
        {run === undefined ? null : <Standing run={run} onGoOn={onGoOn} />}
      </div>
      {run === undefined ? null : <Facts run={run} />}
      {run === undefined ? null : <ViewLinks runId={runId} />}
    </div>
  );
}

function Standing({ run, onGoOn }: { run: Run; onGoOn(from: GoOn): void }): ReactNode {
  const outcome = useOutcome(run);
  return (
    <div className={styles.line}>
      <StatusBadge {...outcome} />
      <LiveIndicator runId={run.id} />
      <RunActions run={run} onGoOn={onGoOn} />
    </div>
  );
}

function ViewLinks({ runId }: { runId: string }): ReactNode {
  const address = parseRunAddress(useSearch());
  return (
    <nav className={styles.views} aria-label="Views of the run">
      {Object.entries(VIEWS).map(([view, word]) => (
        <Link
          key={view}
          href={toRunAddress(runId, address, { view: view as keyof typeof VIEWS })}
          aria-current={view === address.view ? "page" : undefined}
        >
          {word}
        </Link>
      ))}
      <Link href={runChatPath(runId)}>Chat</Link>
    </nav>
  );
}

function Facts({ run }: { run: Run }): ReactNode {
  const recoveries = Math.max(useRunLog(run.id)?.view.recoveries ?? 0, run.recoveries);
  const { usage, forkedFrom, parent, traceId } = run;
  const facts: [string, ReactNode][] = [
    ["Agent", showHidden(run.graph)],
    ["Role", showHidden(run.role)],
    ["Model profile", showHidden(run.modelProfile)],
    ["Started", run.startedAt === null ? "not yet" : toWhen(run.startedAt, Date.now())],
    ["Took", <Took key="took" run={run} />],
  ];
  if (recoveries > 0) facts.push(["Recovered", `${toCount(recoveries)}×`]);
  if (usage !== null) facts.push(["Tokens", `${toCount(usage.inputTokens)} in, ${toCount(usage.outputTokens)} out`]);
  if (usage !== null) facts.push(["Cost", `${usage.cost} ${usage.currency}`]);
  if (forkedFrom !== null) facts.push(["Forked from", <RunLink key="fork" id={forkedFrom.run.id} />]);
  if (parent !== null) facts.push(["Started by run", <RunLink key="parent" id={parent.id} />]);
  if (run.children.length > 0) facts.push(["Runs it started", <Children key="children" run={run} />]);
  if (traceId !== "") facts.push(["Trace", <code key="trace">{traceId}</code>]);
  return (
    <dl className={styles.facts}>
      {facts.map(([word, value]) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Took({ run: { id, status, startedAt, finishedAt } }: { run: Run }): ReactNode {
  const view = useRunLog(id)?.view;
  const end = view?.finishedAt ?? finishedAt;
  if (startedAt === null) return "not begun";
  if (end !== null) return toLatency(Date.parse(end) - Date.parse(startedAt));
  return isFinished(status) ? "" : <Elapsed since={startedAt} />;
}

function RunLink({ id }: { id: string }): ReactNode {
  return (
    <Link href={runPath(id)}>
      <code>{id.slice(-8)}</code>
    </Link>
  );
}

/** More than these are not named in a line. */
const NAMED = 5;

function Children({ run: { children } }: { run: Run }): ReactNode {
  return (
    <>
      {children.slice(0, NAMED).map(({ id }) => (
        <span key={id}>
          <RunLink id={id} />{" "}
        </span>
      ))}
      {children.length > NAMED ? `and ${toCount(children.length - NAMED)} more` : null}
    </>
  );
}
