import type { ListedRunFragment, RunStatus } from "@soma/graphql/operations";
import { isErased } from "@soma/schemas/erased-payload";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { sessionPath } from "../../place.ts";
import { StatusShape } from "../../ui/icons.tsx";
import { badCallWords } from "../../ui/status.tsx";
import { toCount, toLine } from "../../ui/words.ts";
import styles from "./run-table.module.css";

interface OutcomeProps {
  status: RunStatus;
  badCalls: Parameters<typeof badCallWords>[0];
  input: unknown;
}

/** What the status does not tell: colour is for what did not go well. Of a run whose contents are erased nobody knows it. */
export function Outcome({ status, badCalls, input }: OutcomeProps): ReactNode {
  if (isErased(input)) return "";
  const said = badCallWords(badCalls);
  if (said === "") return status === "SUCCEEDED" ? <span className={styles.well}>OK</span> : "";
  return (
    <span className={styles.bad}>
      <StatusShape icon="diamond" />
      {said}
    </span>
  );
}

const TITLE_CHARACTERS = 28;

/** What people call the session, else the end of its id. */
export function SessionLink({ session: { id, title } }: Pick<ListedRunFragment, "session">): ReactNode {
  const name = toLine(showHidden(title ?? ""), TITLE_CHARACTERS);
  return <Link href={sessionPath(id)}>{name === "" ? <code>{id.slice(-8)}</code> : name}</Link>;
}

/** What its calls cost, with the tokens for who points at it; nothing while it made none. */
export function Cost({ usage }: Pick<ListedRunFragment, "usage">): ReactNode {
  if (usage === null) return "";
  const tokens = `${toCount(usage.inputTokens)} tokens in, ${toCount(usage.outputTokens)} out`;
  return <span title={tokens}>{`${usage.cost} ${usage.currency}`}</span>;
}
