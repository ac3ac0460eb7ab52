import { DecideApprovalDocument } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from "react";
import { toProblem } from "../graphql/to-problem.ts";
import { useMutation } from "../graphql/use-mutation.ts";
import { type StatusIcon, StatusShape } from "../ui/icons.tsx";
import { LeavingButton } from "../ui/leaving-button.tsx";
import { type Problem, ProblemNote } from "../ui/problem-note.tsx";
import { toWhen } from "../ui/words.ts";
import styles from "./approvals.module.css";
import { LongText } from "./long-text.tsx";
import type { Asked, Decision, Question, Questions } from "./use-approvals.ts";

/** What a run asks a person, where it asks, and what somebody else has decided meanwhile. */
export function Approvals({ questions }: { questions: Questions }): ReactNode {
  const { all, problem, reload, settle } = questions;
  return (
    <>
      {problem === undefined ? null : (
        <ProblemNote what="What is asked could not be loaded." problem={problem} onRetry={reload} />
      )}
      {all.map((question) => (
        <Approval key={question.asked.id} question={question} onSettled={() => settle(question.asked.id)} />
      ))}
    </>
  );
}

function Approval({ question: { asked, decision }, onSettled }: { question: Question; onSettled(): void }): ReactNode {
  const card = useRef<HTMLElement>(null);
  const { decide, deciding, problem } = useDecide(asked.id, onSettled);
  // Of one's own decision the log may tell before the answer to it does: nobody else was quicker then.
  const told = deciding ? undefined : decision;
  return (
    <section
      ref={card}
      className={styles.card}
      tabIndex={-1}
      aria-label={`${told === undefined ? "Approval" : "Decided"}: ${showHidden(asked.question)}`}
      data-approval={asked.id}
      data-decided={told !== undefined}
    >
      <p className={styles.question}>
        <StatusShape icon={iconOf(told)} /> {showHidden(asked.question)}
      </p>
      {told === undefined ? (
        <Open {...{ asked, card, decide, deciding, problem }} />
      ) : (
        <Decided decision={told} onRead={onSettled} />
      )}
    </section>
  );
}

function iconOf(decision: Decision | undefined): StatusIcon {
  if (decision === undefined) return "diamond";
  if (decision.approved === null) return "cross-clock";
  return decision.approved ? "check" : "shield";
}

function Decided({ decision: { at, approved, decidedBy, comment }, onRead }: { decision: Decision; onRead(): void }) {
  const when = <time dateTime={at}>{toWhen(at, Date.now())}</time>;
  return (
    <div className={styles.row}>
      <p className={styles.decided}>
        {approved === null ? "Nobody decided it by " : `${showHidden(decidedBy ?? "Somebody")} `}
        {approved === null ? null : <strong>{approved ? "approved" : "denied"}</strong>}
        {approved === null ? null : " it at "}
        {when}
        {comment === null ? "." : `: ${showHidden(comment)}`}
      </p>
      <LeavingButton onClick={onRead}>Got it</LeavingButton>
    </div>
  );
}

interface OpenProps extends ReturnType<typeof useDecide> {
  asked: Asked;
  card: RefObject<HTMLElement | null>;
}

function Open({ asked, card, decide, deciding, problem }: OpenProps): ReactNode {
  const [comment, setComment] = useState("");
  const why = useFocusHandedOn(card);
  return (
    <>
      {asked.details === null || asked.details === undefined ? null : (
        <LongText label="What would be done" text={JSON.stringify(asked.details, null, 2)} />
      )}
      <p className={styles.facts}>
        For anyone with the role {showHidden(asked.role)}
        {asked.expiresAt ? `, until ${toWhen(asked.expiresAt, Date.now())}` : ""}. The first decision counts.
      </p>
      {problem === undefined ? null : <ProblemNote what="Nothing was decided." problem={problem} />}
      <div className={styles.row}>
        <input
          ref={why}
          aria-label="Why, kept in the history"
          placeholder="Why (kept in the history)"
          value={comment}
          maxLength={1_000}
          onChange={({ target }) => setComment(target.value)}
        />
        <LeavingButton aria-disabled={deciding} onClick={() => void decide(false, comment)}>
          Deny
        </LeavingButton>
        <LeavingButton className={styles.approve} aria-disabled={deciding} onClick={() => void decide(true, comment)}>
          Approve
        </LeavingButton>
      </div>
    </>
  );
}

/** A field that goes away while somebody writes in it, because another one was quicker, gives the focus to its card. */
function useFocusHandedOn(card: RefObject<HTMLElement | null>): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const mine = field.current;
    return () => {
      if (mine !== null && document.activeElement === mine) queueMicrotask(() => card.current?.focus());
    };
  }, [card]);
  return field;
}

/** The same decision under the same key: to say it twice changes nothing. */
function useDecide(approvalId: string, onDecided: () => void) {
  const decideApproval = useMutation(DecideApprovalDocument);
  const [deciding, setDeciding] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const decide = async (approve: boolean, comment: string): Promise<void> => {
    // A button that is disabled under the focus loses it, and cannot hand it on any more.
    if (deciding) return;
    setDeciding(true);
    const idempotencyKey = `decide:${approvalId}:${approve}`;
    const said = comment.trim() === "" ? {} : { comment };
    const { error } = await decideApproval({ input: { approvalId, approve, ...said, idempotencyKey } });
    setProblem(toProblem(error));
    if (error === undefined) return onDecided();
    setDeciding(false);
  };
  return { decide, deciding, problem };
}
