import { type RunSummaryFragment, SendMessageDocument, StartRunDocument } from "@soma/graphql/operations";
import { createContext, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { ASSISTANT } from "./choice.ts";

/** What is asked, and whom. */
export interface Question {
  /** The conversation to go on with; without it a new one begins. */
  sessionId: string | undefined;
  agent: string;
  input: object;
  /** Empty where the server is to choose. */
  role: string;
  model: string;
}

/** Called when a run is being begun; what it gives is told of the run. */
export type OnSend = () => (run: RunSummaryFragment) => void;

/** That of the page, which goes where the run is. */
export const SendContext = createContext<OnSend>(() => () => {});

/** Asks under a key that stays the same until it worked: asking again after a lost answer does not ask twice. */
export function useAsk(onSend: OnSend) {
  const start = useStart();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const { keyFor, done } = useIdempotencyKey();
  const ask = async (question: Question): Promise<boolean> => {
    const onSent = onSend();
    setAsking(true);
    const { run, error } = await start(question, keyFor(JSON.stringify(question)));
    setAsking(false);
    setProblem(toProblem(error));
    if (run === undefined) return false;
    done();
    onSent(run);
    return true;
  };
  return { ask, asking, problem };
}

function useStart() {
  const sendMessage = useMutation(SendMessageDocument);
  const startRun = useMutation(StartRunDocument);
  return async ({ sessionId, agent, input, role, model }: Question, idempotencyKey: string) => {
    const more = {
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(role === "" ? {} : { role }),
      ...(model === "" ? {} : { modelProfile: model }),
      idempotencyKey,
    };
    if (agent === ASSISTANT && "text" in input) {
      const { data, error } = await sendMessage({ input: { text: String(input.text), ...more } });
      return { run: error === undefined ? data?.sendMessage.run : undefined, error };
    }
    const { data, error } = await startRun({ input: { graph: agent, input, ...more } });
    return { run: error === undefined ? data?.startRun.run : undefined, error };
  };
}
