import { type GraphQLSchema, printSchema } from "graphql";
import type { ReactNode } from "react";
import { download } from "../../ui/download.ts";
import { toClock, toLine } from "../../ui/words.ts";
import styles from "./api-page.module.css";
import type { Asked } from "./asked-before.ts";
import type { Example } from "./examples.ts";
import type { WrittenOperation } from "./read-document.ts";

/** A document that is to stand in the editor; without variables it gets some to fill in. */
export interface Picked {
  query: string;
  variables: string | undefined;
}

interface ToolbarProps {
  examples: readonly Example[];
  asked: readonly Asked[];
  schema: GraphQLSchema | undefined;
  operations: readonly WrittenOperation[];
  chosen: string;
  isRunning: boolean;
  hasDocs: boolean;
  onAsk(): void;
  onStop(): void;
  onPick(picked: Picked): void;
  onChoose(name: string): void;
  onDocs(show: boolean): void;
}

/** What can be done with what is written, and what can stand there. */
export function Toolbar(props: ToolbarProps): ReactNode {
  const { schema, operations, chosen, isRunning, hasDocs } = props;
  return (
    <div className={styles.tools}>
      <button type="button" className={styles.ask} aria-keyshortcuts="Control+Enter" onClick={props.onAsk}>
        Run
      </button>
      <button type="button" aria-disabled={!isRunning} onClick={() => isRunning && props.onStop()}>
        Stop
      </button>
      {operations.length < 2 ? null : (
        <select aria-label="Operation" value={chosen} onChange={(event) => props.onChoose(event.target.value)}>
          {operations.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <Examples {...props} />
      <AskedBefore {...props} />
      <span className={styles.gap} />
      {schema === undefined ? null : (
        <>
          <button type="button" aria-pressed={hasDocs} onClick={() => props.onDocs(!hasDocs)}>
            Docs
          </button>
          <button type="button" onClick={() => save(schema)}>
            Download schema
          </button>
        </>
      )}
    </div>
  );
}

const GROUPS = { query: "Queries", mutation: "Mutations", subscription: "Subscriptions" } as const;

function Examples({ examples, onPick }: ToolbarProps): ReactNode {
  const pick = (name: string): void => {
    const example = examples.find((each) => each.name === name);
    if (example !== undefined) onPick({ query: example.text, variables: undefined });
  };
  return (
    <select aria-label="Examples" value="" onChange={(event) => pick(event.target.value)}>
      <option value="">Examples…</option>
      {Object.entries(GROUPS).map(([kind, label]) => (
        <optgroup key={kind} label={label}>
          {examples
            .filter((each) => each.kind === kind)
            .map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}

function AskedBefore({ asked, onPick }: ToolbarProps): ReactNode {
  if (asked.length === 0) return null;
  const pick = (index: string): void => {
    const before = index === "" ? undefined : asked[Number(index)];
    if (before !== undefined) onPick(before);
  };
  return (
    <select aria-label="Asked before" value="" onChange={(event) => pick(event.target.value)}>
      <option value="">Asked before…</option>
      {asked.map(({ query, at }, index) => (
        <option key={at} value={index}>
          {toClock(at)} {toLine(query, 60)}
        </option>
      ))}
    </select>
  );
}

/** The schema as SDL, as a file. */
function save(schema: GraphQLSchema): void {
  download(new Blob([`${printSchema(schema)}\n`], { type: "text/plain" }), "soma.graphql");
}
