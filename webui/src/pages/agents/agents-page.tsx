import { type AgentSummaryFragment, AgentsDocument } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect } from "react";
import { Link } from "wouter";
import { useKept } from "../../graphql/use-kept.ts";
import { useOld } from "../../graphql/use-old.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { AGENTS_PATH, agentPath } from "../../place.ts";
import { useRefresh } from "../../run-log/use-refresh.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { Empty, Loading, OldNote } from "../../ui/states.tsx";
import { useArrival } from "../../ui/use-arrival.ts";
import { useRowKeys } from "../../ui/use-row-keys.ts";
import { AgentPart } from "./agent-part.tsx";
import styles from "./agents-page.module.css";
import { ProjectNote } from "./project-note.tsx";

/** How often is looked for a project that was loaded again. */
const LOOK_MS = 2_000;

/** What runs can be started of; the one of the address with its graph and what it is started with. */
export default function AgentsPage({ name }: { name: string | undefined }): ReactNode {
  const [answer, ask] = useQuery(AgentsDocument, {});
  const kept = useKept(answer.data?.graphs == null ? undefined : answer.data);
  const reload = (): void => ask({ requestPolicy: "network-only" });
  // Without a project agents change with the product alone; a server that was away is looked for.
  useRefresh(answer, reload, kept?.project === null && answer.error === undefined ? undefined : LOOK_MS);
  useArrival(name === undefined ? AGENTS_PATH : agentPath(name));
  useEffect(() => {
    document.title = name === undefined ? "Agents · soma" : `${showHidden(name)} · soma`;
  }, [name]);
  const agents = kept?.graphs ?? undefined;
  const { old, problem } = useOld(answer, agents !== undefined);
  const chosen = agents?.find((agent) => agent.name === name);
  const project = kept?.project ?? undefined;
  return (
    <main id="main" className={styles.page} tabIndex={-1} data-chosen={name !== undefined}>
      <div className={styles.head}>
        <h1 tabIndex={-1}>{name === undefined ? "Agents" : showHidden(name)}</h1>
        {name === undefined ? null : <Link href={AGENTS_PATH}>All agents</Link>}
      </div>
      {old === undefined ? null : <OldNote {...old} onRetry={reload} />}
      {problem === undefined ? null : (
        <ProblemNote
          what={agents === undefined ? "The agents could not be loaded." : "The list of agents is not up to date."}
          problem={problem}
          onRetry={reload}
        />
      )}
      {project === undefined ? null : <ProjectNote project={project} />}
      {agents === undefined && problem === undefined ? <Loading what="agents" /> : null}
      <div className={styles.parts}>
        {agents === undefined ? null : <List agents={agents} chosen={name} />}
        <ScrollPart className={styles.part} label="The agent">
          {chosen === undefined ? null : <AgentPart key={chosen.name} agent={chosen} loadedAt={project?.loadedAt} />}
          {chosen === undefined && agents !== undefined ? <Nothing name={name} /> : null}
        </ScrollPart>
      </div>
    </main>
  );
}

function List({ agents, chosen }: { agents: readonly AgentSummaryFragment[]; chosen: string | undefined }): ReactNode {
  useRowKeys("nav[aria-label=Agents] a");
  return (
    <nav className={styles.list} aria-label="Agents">
      {agents.map(({ name, version, file }) => (
        <Link key={name} href={agentPath(name)} aria-current={name === chosen ? "page" : undefined}>
          <strong>{showHidden(name)}</strong>
          <span>
            version {version} · {file === null ? "comes with the product" : showHidden(file)}
          </span>
        </Link>
      ))}
    </nav>
  );
}

function Nothing({ name }: { name: string | undefined }): ReactNode {
  if (name !== undefined)
    return (
      <Empty lead={`There is no agent ${showHidden(name)}.`}>
        <p>It may have been of a project that this installation was not started with.</p>
        <p>
          <Link href={AGENTS_PATH}>Show all agents</Link>
        </p>
      </Empty>
    );
  return (
    <Empty lead="Choose an agent.">
      <p>Its graph is shown here, and a form to start a run with.</p>
      <p>
        An agent of your own is a file in a project: <code>npx soma init my-agents</code>, then{" "}
        <code>npx soma dev my-agents</code>
      </p>
    </Empty>
  );
}
