import { createSomaClient } from "@soma/graphql/client";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { API_PATH } from "../../place.ts";
import { useArrival } from "../../ui/use-arrival.ts";
import { AnswerPart } from "./answer-part.tsx";
import styles from "./api-page.module.css";
import { keepAsked, readAsked } from "./asked-before.ts";
import { CodeEditor } from "./code-editor.tsx";
import { DocsPanel } from "./docs-panel.tsx";
import { queryEditor, variablesEditor } from "./editor-kinds.ts";
import { readExamples } from "./examples.ts";
import { type KnownSchema, loadSchema } from "./load-schema.ts";
import { readDocument } from "./read-document.ts";
import { readRequest } from "./read-request.ts";
import { sampleVariables } from "./sample-variables.ts";
import { SchemaNote } from "./schema-note.tsx";
import { type Picked, Toolbar } from "./toolbar.tsx";
import { useNewest } from "./use-newest.ts";
import { useOperation } from "./use-operation.ts";

/** What stands there at first. */
const FIRST = "RunsPage";

/** Any operation of the API, sent as the person who is signed in. */
export default function ApiPage({ send }: { send: typeof fetch }): ReactNode {
  const client = useMemo(() => createSomaClient({ url: location.origin, fetch: send }), [send]);
  const examples = useMemo(() => readExamples(), []);
  const known = useSchema(client);
  const schema = known.state === "known" ? known.schema : undefined;
  const [query, setQuery] = useState(() => examples.find(({ name }) => name === FIRST)?.text ?? "");
  const [variables, setVariables] = useState('{\n  "first": 5\n}');
  const [picks, setPicks] = useState(0);
  const [chosen, setChosen] = useState("");
  const [fault, setFault] = useState("");
  const [asked, setAsked] = useState(() => readAsked(sessionStorage));
  const [hasDocs, setDocs] = useState(false);
  const { outcome, run, stop } = useOperation(client);
  useArrival(API_PATH);
  useEffect(() => {
    document.title = "API · soma";
  }, []);

  const ask = (): void => {
    const read = readRequest({ query, variables, chosen });
    setFault("fault" in read ? read.fault : "");
    if ("fault" in read) return;
    setAsked(keepAsked(sessionStorage, { query, variables, at: new Date().toISOString() }));
    void run(read.request);
  };
  const pick = (picked: Picked): void => {
    setQuery(picked.query);
    setVariables(picked.variables ?? sampleVariables(picked.query, schema));
    setPicks((before) => before + 1);
    setFault("");
  };
  const newestAsk = useNewest(ask);
  const ofQuery = useMemo(() => queryEditor(schema, newestAsk), [schema, newestAsk]);
  const ofVariables = useMemo(() => variablesEditor(newestAsk), [newestAsk]);
  const written = readDocument(query);
  return (
    <main id="main" className={styles.page} tabIndex={-1}>
      <div className={styles.head}>
        <h1 tabIndex={-1}>API</h1>
        <Toolbar
          {...{ examples, asked, schema, hasDocs, chosen }}
          isRunning={outcome?.isRunning === true}
          operations={"operations" in written ? written.operations : []}
          onAsk={ask}
          onStop={stop}
          onPick={pick}
          onChoose={setChosen}
          onDocs={setDocs}
        />
      </div>
      <SchemaNote known={known} />
      <div className={styles.parts} data-docs={hasDocs && schema !== undefined}>
        <div className={styles.asking}>
          <section className={styles.pane} aria-labelledby="api-document">
            <h2 id="api-document">Document</h2>
            <CodeEditor key={picks} label="Document" text={query} extensions={ofQuery} onType={setQuery} />
          </section>
          <section className={styles.pane} aria-labelledby="api-variables">
            <h2 id="api-variables">Variables</h2>
            <CodeEditor key={picks} label="Variables" text={variables} extensions={ofVariables} onType={setVariables} />
          </section>
        </div>
        <AnswerPart outcome={outcome} fault={fault} />
        {hasDocs && schema !== undefined ? <DocsPanel schema={schema} /> : null}
      </div>
    </main>
  );
}

function useSchema(client: Parameters<typeof loadSchema>[0]): KnownSchema {
  const [known, setKnown] = useState<KnownSchema>({ state: "loading" });
  useEffect(() => {
    let current = true;
    void loadSchema(client).then((next) => current && setKnown(next));
    return () => {
      current = false;
    };
  }, [client]);
  return known;
}
