import { ForkRunDocument } from "@soma/graphql/operations";
import { use, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { SendContext } from "./use-ask.ts";

/** The event that every history begins with: what comes of it begins before anything was done. */
const START = 1;

/** Sends another text in the place of a run's: a fork from its start, which leaves the run as it is. */
export function useFork(runId: string) {
  const forkRun = useMutation(ForkRunDocument);
  const onSend = use(SendContext);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const { keyFor, done } = useIdempotencyKey();
  const send = async (text: string): Promise<void> => {
    const onSent = onSend();
    setSending(true);
    const input = { runId, atSeq: START, input: { text }, idempotencyKey: keyFor(JSON.stringify({ runId, text })) };
    const { data, error } = await forkRun({ input });
    setSending(false);
    setProblem(toProblem(error));
    if (data === undefined || error !== undefined) return;
    done();
    onSent(data.forkRun.run);
  };
  return { send, sending, problem };
}
