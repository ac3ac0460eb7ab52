import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect } from "react";
import { Link, useLocation } from "wouter";
import { NEW_PATH, type Place, toPlace } from "../../place.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { useRunLog, useStatus } from "../../run-log/use-run-log.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { STATUS } from "../../ui/status.tsx";
import { useArrival } from "../../ui/use-arrival.ts";
import { Announcer } from "./announcer.tsx";
import { Composer } from "./composer.tsx";
import { ConversationActions } from "./conversation-actions.tsx";
import { ConversationHeader } from "./conversation-header.tsx";
import { ConversationLayout } from "./conversation-layout.tsx";
import styles from "./conversation-page.module.css";
import { conversationOf } from "./seat.ts";
import { StepPanel } from "./step-panel.tsx";
import { Transcript } from "./transcript.tsx";
import { SendContext } from "./use-ask.ts";
import { type Conversation, useConversation } from "./use-conversation.ts";
import { useSeat, useSent } from "./use-sent.ts";

interface ConversationPageProps {
  place: Place;
  /** What is there before the first question. */
  welcome: ReactNode;
}

/** A conversation, its composer, and the steps of one of its runs. */
export function ConversationPage({ place, welcome }: ConversationPageProps): ReactNode {
  const { sent, send } = useSent();
  const conversation = useConversation(place, sent?.run);
  const { turns, selected, sessionId, name } = conversation;
  const first = turns.find((run) => run.session.id === sessionId);
  const named = first === undefined ? emptyTitle(place, conversation) : titleOf(first);
  const title = name === null ? named : showHidden(name);
  useTitle(title, turns.at(-1));
  const seat = useSeat(conversationOf(place, sessionId), sent);
  const onSend = send(seat);
  const hasSteps = selected !== undefined || conversation.loading;
  return (
    <ConversationLayout hasSteps={hasSteps}>
      <main id="main" className={styles.page} tabIndex={-1}>
        <ConversationHeader title={title} run={selected}>
          {sessionId === undefined || first === undefined ? null : (
            <ConversationActions sessionId={sessionId} name={name ?? ""} title={title} />
          )}
        </ConversationHeader>
        <SendContext value={onSend}>
          <Body {...{ place, welcome, conversation }} />
        </SendContext>
        <Announcer key={sessionId} run={turns.at(-1)} />
        {conversation.missing ? null : (
          <Composer key={seat} sessionId={sessionId} newest={turns.at(-1)} onSend={onSend} />
        )}
      </main>
      {hasSteps ? (
        <ScrollPart as="aside" label="Steps of the run">
          <StepPanel run={selected} />
        </ScrollPart>
      ) : null}
    </ConversationLayout>
  );
}

function Body({ place, welcome, conversation }: ConversationPageProps & { conversation: Conversation }): ReactNode {
  const { turns, versions, selected, loading, missing, problem, cut, reload } = conversation;
  if (turns.length > 0 && selected !== undefined)
    return <Transcript turns={turns} versions={versions} selected={selected} cut={cut} />;
  return (
    <ScrollPart className={styles.empty} label="Conversation">
      {place.kind === "new" ? welcome : null}
      {loading ? <p>Loading…</p> : null}
      {missing ? <Missing what={place.kind} /> : null}
      {problem === undefined ? null : (
        <ProblemNote what="The conversation could not be loaded." problem={problem} onRetry={reload} />
      )}
    </ScrollPart>
  );
}

function Missing({ what }: { what: Place["kind"] }): ReactNode {
  return (
    <div className={styles.welcome}>
      <p className={styles.lead}>
        {what === "nowhere" ? "There is no page with this address." : `There is no ${what} with this id here.`}
      </p>
      <p>It may have been removed, or the link may be another tenant’s.</p>
      <p>
        <Link href={NEW_PATH}>Start a conversation</Link>
      </p>
    </div>
  );
}

function emptyTitle(place: Place, { loading, missing }: Conversation): string {
  if (place.kind === "new") return "New conversation";
  if (loading) return "Loading…";
  return missing ? "Not found" : "Conversation";
}

/**
 * The page's title; the heading takes the focus when the reader goes somewhere else, or the composer where there is
 * nothing to read.
 */
function useTitle(title: string, newest: RunSummaryFragment | undefined): void {
  const [path] = useLocation();
  const status = useStatus(newest?.id ?? "", newest?.status ?? "SUCCEEDED");
  useRunLog(newest?.id);
  const { kind } = toPlace(path);
  useEffect(() => {
    // Of a run it is one view of several.
    const words = [isFinished(status) ? "" : STATUS[status].word, kind === "run" ? "Chat" : "", title, "soma"];
    document.title = words.filter((word) => word !== "").join(" · ");
  }, [status, kind, title]);
  useArrival(path, kind === "new" ? "#message" : "main h1");
}
