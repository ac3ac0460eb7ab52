import { ConversationsDocument } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useKept } from "../../graphql/use-kept.ts";
import { useOld } from "../../graphql/use-old.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { NEW_PATH, runChatPath, runPath, sessionPath, toPlace } from "../../place.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import { useOutcome } from "../../run-log/use-run-log.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { OldNote } from "../../ui/states.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { toWhen } from "../../ui/words.ts";
import { groupBySession, type SessionGroup } from "./group-by-session.ts";
import styles from "./run-list.module.css";

const RUNS = 50;
/** Runs of other pages and people change too; while this one is visible it asks again this often. */
const REFRESH_MS = 10_000;

interface RunListProps {
  /** Called when somebody follows a link of it, also one to what is open already. */
  onOpen(): void;
}

/** The newest conversations with the runs of the one that is open. */
export function RunList({ onOpen }: RunListProps): ReactNode {
  const [answer, refetch] = useQuery(ConversationsDocument, { first: RUNS });
  const reload = (): void => refetch({ requestPolicy: "network-only" });
  useRefresh(answer, reload, REFRESH_MS);
  const shown = useKept(answer.data?.runs);
  const { old, problem } = useOld(answer, shown !== undefined);
  const groups = groupBySession(shown?.nodes ?? []);
  return (
    <div className={styles.list}>
      <Link className={styles.new} href={NEW_PATH} onClick={onOpen}>
        New conversation
      </Link>
      <h2>Recent</h2>
      {old === undefined ? null : <OldNote {...old} onRetry={reload} />}
      {problem === undefined ? null : (
        <ProblemNote
          what={shown === undefined ? "The list could not be loaded." : "The list is not up to date."}
          problem={problem}
          onRetry={reload}
        />
      )}
      {shown !== undefined && groups.length === 0 ? (
        <p className={styles.hint}>Nothing yet. What you ask first will be kept here, with every step of its run.</p>
      ) : null}
      {shown === undefined && answer.fetching ? <p className={styles.hint}>Loading…</p> : null}
      <ul>
        {groups.map((group) => (
          <Conversation key={group.sessionId} group={group} onOpen={onOpen} />
        ))}
      </ul>
      {shown?.pageInfo.hasNextPage === true ? (
        <p className={styles.hint}>The newest {RUNS} runs are shown; there are older ones.</p>
      ) : null}
    </div>
  );
}

function Conversation({ group, onOpen }: RunListProps & { group: SessionGroup }): ReactNode {
  const [path] = useLocation();
  const outcome = useOutcome(group.newest);
  const place = toPlace(path);
  const here = place.kind === "session" && place.id === group.sessionId;
  const open = here || group.runs.some((run) => path === runPath(run.id));
  // A single run is what the conversation's own line says.
  const hasTurns = group.runs.length > 1;
  return (
    <li>
      <Link
        className={styles.entry}
        href={sessionPath(group.sessionId)}
        onClick={onOpen}
        aria-current={here || (open && !hasTurns) ? "page" : undefined}
        data-open={open}
      >
        <span className={styles.title}>{group.title}</span>
        <span className={styles.facts}>
          <StatusWord {...outcome} quiet />
          <time dateTime={group.newest.createdAt}>{toWhen(group.newest.createdAt, Date.now())}</time>
        </span>
      </Link>
      {open && hasTurns ? <Turns group={group} path={path} onOpen={onOpen} /> : null}
    </li>
  );
}

function Turns({ group, path, onOpen }: RunListProps & { group: SessionGroup; path: string }): ReactNode {
  return (
    <ul className={styles.turns} aria-label="Runs of this conversation">
      {group.runs.toReversed().map((run) => (
        <li key={run.id}>
          <Link
            className={styles.turn}
            href={runChatPath(run.id)}
            onClick={onOpen}
            aria-current={path === runPath(run.id) ? "page" : undefined}
          >
            {titleOf(run)}
          </Link>
        </li>
      ))}
    </ul>
  );
}
