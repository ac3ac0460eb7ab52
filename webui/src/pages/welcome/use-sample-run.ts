import { DecideApprovalDocument, SampleRunDocument, StartRunDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { useEffect, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { type Sample, SCRIPTED } from "./samples.ts";

const LOOK_MS = 500;

/** Runs a sample: its runs one after the other, and what the newest of them says. */
export function useSampleRun({ agent, inputs }: Sample) {
  const startRun = useMutation(StartRunDocument);
  const decideApproval = useMutation(DecideApprovalDocument);
  const [starts, decisions] = [useIdempotencyKey(), useIdempotencyKey()];
  const [runId, setRunId] = useState<string>();
  const [next, setNext] = useState(0);
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [answer, reload] = useQuery(SampleRunDocument, { id: runId ?? "" }, { pause: runId === undefined });
  const { data } = answer;
  const run = data?.run?.id === runId ? (data?.run ?? undefined) : undefined;
  const isOver = run !== undefined && isFinished(run.status);
  const look = (): void => reload({ requestPolicy: "network-only" });
  useRefresh(answer, () => runId !== undefined && !isOver && look(), LOOK_MS);

  const start = async (index: number): Promise<void> => {
    setStarting(true);
    const asked = { graph: agent, input: inputs[index], modelProfile: SCRIPTED };
    const idempotencyKey = starts.keyFor(JSON.stringify({ ...asked, index }));
    const { data: started, error } = await startRun({ input: { ...asked, idempotencyKey } });
    setStarting(false);
    setProblem(toProblem(error));
    if (started === undefined || error !== undefined) return;
    starts.done();
    setNext(index + 1);
    setRunId(started.startRun.run.id);
  };
  const goesOn = isOver && run.status === "SUCCEEDED" && next < inputs.length && problem === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each run that has ended
  useEffect(() => {
    if (goesOn) void start(next);
  }, [goesOn, next]);

  const decide = async (approvalId: string, approve: boolean): Promise<void> => {
    const idempotencyKey = decisions.keyFor(JSON.stringify({ approvalId, approve }));
    const { error } = await decideApproval({ input: { approvalId, approve, idempotencyKey } });
    setProblem(toProblem(error));
    look();
  };
  const isGoing = starting || goesOn || (runId !== undefined && !isOver);
  return { run, runId, isGoing, question: run?.pendingApprovals[0], problem, start: () => start(0), decide };
}
