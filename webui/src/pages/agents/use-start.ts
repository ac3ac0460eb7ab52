import { StartRunDocument } from "@soma/graphql/operations";
import type { JsonObject } from "@soma/schemas/json";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { runPath } from "../../place.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { useHere } from "../../ui/use-here.ts";
import { faultsOf, type InputFault } from "./place-faults.ts";

interface Start {
  isBusy: boolean;
  /** What the server does not take of the input. */
  faults: readonly InputFault[];
  /** Why no run was started, when it is not told by the faults. */
  problem: Problem | undefined;
  /** Starts a run and leads to it. */
  start(input: JsonObject): Promise<void>;
}

const NONE = { faults: [], problem: undefined };

export function useStart(graph: string): Start {
  const startRun = useMutation(StartRunDocument);
  const [, navigate] = useLocation();
  const mark = useHere();
  const [isBusy, setBusy] = useState(false);
  const [told, setTold] = useState<Pick<Start, "faults" | "problem">>(NONE);
  // Asked again with the same input after an answer that was lost, it is the same run.
  const asked = useRef({ input: "", key: "" });
  return {
    isBusy,
    ...told,
    async start(input) {
      const text = JSON.stringify(input);
      if (asked.current.input !== text) asked.current = { input: text, key: newIdempotencyKey() };
      const isHere = mark();
      setBusy(true);
      const { data, error } = await startRun({ input: { graph, input, idempotencyKey: asked.current.key } });
      setBusy(false);
      if (error === undefined) {
        if (data !== undefined && isHere()) navigate(runPath(data.startRun.run.id));
        return;
      }
      const faults = faultsOf(error);
      setTold(faults.length > 0 ? { faults, problem: undefined } : { faults, problem: toProblem(error) });
    },
  };
}
