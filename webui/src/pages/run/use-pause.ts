import { PauseRunDocument, ResumeRunDocument } from "@soma/graphql/operations";
import { useEffect, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { useStatus } from "../../run-log/use-run-log.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import type { Run } from "./answers.ts";

interface Pausing {
  /** Whether it rests, or was asked to and has not heard yet. */
  isToRest: boolean;
  /** What it was asked and does not do yet; empty when it does. */
  words: string;
  busy: boolean;
  problem: Problem | undefined;
  ask(rest: boolean): Promise<void>;
}

/** Asks a run to rest or to go on. It hears after the step it is in: until then it may be asked the other thing. */
export function usePause({ id, status: listed }: Run): Pausing {
  const rests = useStatus(id, listed) === "PAUSED";
  const [asked, setAsked] = useState<boolean>();
  const [state, setState] = useState({ busy: false, problem: undefined as Problem | undefined });
  const [pause, resume] = [useMutation(PauseRunDocument), useMutation(ResumeRunDocument)];
  const { keyFor, done } = useIdempotencyKey();
  useEffect(() => {
    if (asked === rests) setAsked(undefined);
  }, [asked, rests]);
  const ask = async (rest: boolean): Promise<void> => {
    setState({ busy: true, problem: undefined });
    const input = { runId: id, idempotencyKey: keyFor(JSON.stringify({ id, rest })) };
    const { error } = await (rest ? pause({ input }) : resume({ input }));
    setState({ busy: false, problem: toProblem(error) });
    if (error !== undefined) return;
    done();
    setAsked(rest);
  };
  return { isToRest: asked ?? rests, words: wordsOf(asked, rests), ...state, ask };
}

function wordsOf(asked: boolean | undefined, rests: boolean): string {
  if (asked === undefined || asked === rests) return "";
  return asked ? "It rests after this step" : "It goes on soon";
}
