import { ForkRunDocument } from "@soma/graphql/operations";
import { use, useRef, useState } from "react";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
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
  const last = useRef({ key: "", text: "" });
  const send = async (text: string): Promise<void> => {
    if (last.current.key === "" || last.current.text !== text) last.current = { key: newIdempotencyKey(), text };
    const onSent = onSend();
    setSending(true);
    const { key: idempotencyKey } = last.current;
    const { data, error } = await forkRun({ input: { runId, atSeq: START, input: { text }, idempotencyKey } });
    setSending(false);
    setProblem(error === undefined ? undefined : toProblem(error));
    if (data !== undefined && error === undefined) onSent(data.forkRun.run);
  };
  return { send, sending, problem };
}
