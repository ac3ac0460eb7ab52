import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf } from "../../graphql/to-problem.ts";
import { download } from "../../ui/download.ts";
import type { Problem } from "../../ui/problem-note.tsx";

interface Exporting {
  busy: boolean;
  /** What the file does not have; empty when it has all. */
  words: string;
  problem: Problem | undefined;
  save(): Promise<void>;
}

/** The history of a run as a file, made here of what the API tells; leaving the run ends it. */
export function useExport(runId: string): Exporting {
  const client = useClient();
  const [state, setState] = useState<Omit<Exporting, "save">>({ busy: false, words: "", problem: undefined });
  const under = useRef<AbortController>(undefined);
  useEffect(() => () => under.current?.abort(), []);
  const save = async (): Promise<void> => {
    under.current = new AbortController();
    const { signal } = under.current;
    setState({ busy: true, words: "", problem: undefined });
    try {
      // Few export, so nobody loads it before.
      const { readExport } = await import("./read-export.ts");
      const { lines, hasState } = await readExport(client, runId, signal);
      signal.throwIfAborted();
      download(new Blob([...lines], { type: "application/jsonl" }), `run-${runId}.jsonl`);
      setState({ busy: false, words: hasState ? "" : "Exported; it says nothing of the state", problem: undefined });
    } catch (error) {
      if (signal.aborted) return;
      setState({ busy: false, words: "", problem: problemOf(error) });
    }
  };
  return { ...state, save };
}
