import { AgentDetailDocument, type AgentSummaryFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";
import { toProblem } from "../../graphql/to-problem.ts";
import { useKept } from "../../graphql/use-kept.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { RUNS_PATH } from "../../place.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Loading } from "../../ui/states.tsx";
import { AgentGraph } from "./agent-graph.tsx";
import styles from "./agents-page.module.css";
import { StartForm } from "./start-form.tsx";

interface AgentPartProps {
  agent: AgentSummaryFragment;
  /** When the project was read last: the agent is asked for again then, as it may be another. */
  loadedAt: string | undefined;
}

/** One agent: how it is started, and its graph. */
export function AgentPart({ agent: { name, version, hash, file }, loadedAt }: AgentPartProps): ReactNode {
  const [{ data, error }, ask] = useQuery(AgentDetailDocument, { name });
  const reload = (): void => ask({ requestPolicy: "network-only" });
  const seen = useRef(loadedAt);
  useEffect(() => {
    if (seen.current === loadedAt) return;
    seen.current = loadedAt;
    ask({ requestPolicy: "network-only" });
  }, [loadedAt, ask]);
  const detail = useKept(data?.graph);
  return (
    <>
      <p className={styles.facts}>
        version {version} · structure <code>{hash}</code> ·{" "}
        {file === null ? "comes with the product" : showHidden(file)} ·{" "}
        <Link href={`${RUNS_PATH}?agent=${encodeURIComponent(name)}`}>its runs</Link>
      </p>
      {error === undefined ? null : (
        <ProblemNote
          what={detail === undefined ? "The agent could not be loaded." : "The agent is not up to date."}
          problem={toProblem(error)}
          onRetry={reload}
        />
      )}
      {detail === undefined ? null : (
        <div className={styles.detail}>
          <section aria-labelledby="agent-start">
            <h2 id="agent-start">Start a run</h2>
            <StartForm graph={name} inputSchema={detail.inputSchema} />
          </section>
          <section aria-labelledby="agent-graph">
            <h2 id="agent-graph">Graph</h2>
            <AgentGraph picture={detail.picture} />
          </section>
        </div>
      )}
      {data === undefined && detail === undefined && error === undefined ? <Loading what="the agent" /> : null}
    </>
  );
}
