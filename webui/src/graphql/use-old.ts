import { useEffect, useState } from "react";
import type { CombinedError } from "urql";
import type { Problem } from "../ui/problem-note.tsx";
import type { Old } from "../ui/states.tsx";
import { useOnline } from "../ui/use-online.ts";
import { toProblem } from "./to-problem.ts";

interface Answer {
  data?: unknown;
  error?: CombinedError | undefined;
  stale: boolean;
}

interface Oldness {
  /** Why what is shown may not be true any longer, and since when. */
  old: Old | undefined;
  /** What the server refused, or that there is nothing to show. */
  problem: Problem | undefined;
}

/** Whether what is shown of a question that is asked again and again is new: while the server or the network is away it is not. */
export function useOld({ data, error, stale }: Answer, isShown: boolean): Oldness {
  const asOf = useAnsweredAt(data, stale || error !== undefined);
  const online = useOnline();
  const away = error !== undefined && error.graphQLErrors.length === 0;
  const why = online ? (away ? "RECONNECTING" : undefined) : "OFFLINE";
  return {
    old: isShown && why !== undefined ? { why, asOf } : undefined,
    problem: away && isShown ? undefined : toProblem(error),
  };
}

function useAnsweredAt(data: unknown, isOld: boolean): number {
  const [at, setAt] = useState(Date.now);
  useEffect(() => {
    if (data !== undefined && !isOld) setAt(Date.now());
  }, [data, isOld]);
  return at;
}
