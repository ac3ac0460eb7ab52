import { DecideApprovalDocument, RunApprovalsDocument, type RunQuestionsFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect, useState } from "react";
import { toProblem } from "../graphql/to-problem.ts";
import { useMutation } from "../graphql/use-mutation.ts";
import { useQuery } from "../graphql/use-query.ts";
import { StatusShape } from "../ui/icons.tsx";
import { LeavingButton } from "../ui/leaving-button.tsx";
import { type Problem, ProblemNote } from "../ui/problem-note.tsx";
import { toWhen } from "../ui/words.ts";
import styles from "./approvals.module.css";
import { LongText } from "./long-text.tsx";

type Asked = RunQuestionsFragment["pendingApprovals"][number];

/** What a run asks a person, where it asks. `seq` is the newest event that is known: with each there may be another question. */
export function Approvals({ runId, seq }: { runId: string; seq: number }): ReactNode {
  const [{ data, error }, refetch] = useQuery(RunApprovalsDocument, { id: runId });
  // biome-ignore lint/correctness/useExhaustiveDependencies: an event is why it is asked again
  useEffect(() => refetch({ requestPolicy: "network-only" }), [seq]);
  return (
    <>
      {error === undefined ? null : (
        <ProblemNote what="What is asked could not be loaded." problem={toProblem(error)} onRetry={() => refetch()} />
      )}
      {(data?.run?.pendingApprovals ?? []).map((asked) => (
        <Approval key={asked.id} asked={asked} />
      ))}
    </>
  );
}

function Approval({ asked }: { asked: Asked }): ReactNode {
  const [comment, setComment] = useState("");
  const { decide, deciding, problem } = useDecide(asked.id, comment);
  const label = `Approval: ${showHidden(asked.question)}`;
  return (
    <section className={styles.card} aria-label={label} data-approval={asked.id}>
      <p className={styles.question}>
        <StatusShape icon="diamond" /> {showHidden(asked.question)}
      </p>
      {asked.details === null || asked.details === undefined ? null : (
        <LongText label="What would be done" text={JSON.stringify(asked.details, null, 2)} />
      )}
      <p className={styles.facts}>
        For who has the role {showHidden(asked.role)}
        {asked.expiresAt ? `, until ${toWhen(asked.expiresAt, Date.now())}` : ""}. The first decision counts.
      </p>
      {problem === undefined ? null : <ProblemNote what="Nothing was decided." problem={problem} />}
      <div className={styles.row}>
        <input
          aria-label="Why, kept in the history"
          placeholder="Why (kept in the history)"
          value={comment}
          maxLength={1_000}
          onChange={({ target }) => setComment(target.value)}
        />
        <LeavingButton disabled={deciding} onClick={() => void decide(false)}>
          Deny
        </LeavingButton>
        <LeavingButton className={styles.approve} disabled={deciding} onClick={() => void decide(true)}>
          Approve
        </LeavingButton>
      </div>
    </section>
  );
}

/** The same decision under the same key: to say it twice changes nothing. */
function useDecide(approvalId: string, comment: string) {
  const decideApproval = useMutation(DecideApprovalDocument);
  const [deciding, setDeciding] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const decide = async (approve: boolean): Promise<void> => {
    setDeciding(true);
    const idempotencyKey = `decide:${approvalId}:${approve}`;
    const said = comment.trim() === "" ? {} : { comment };
    const { error } = await decideApproval({ input: { approvalId, approve, ...said, idempotencyKey } });
    setProblem(toProblem(error));
    // What was decided goes away with the run's next event.
    if (error !== undefined) setDeciding(false);
  };
  return { decide, deciding, problem };
}
