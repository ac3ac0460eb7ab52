import type { GraphQLSchema } from "graphql";
import { Fragment, type ReactNode, useState } from "react";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { type DocLine, describeType, rootsOf, searchSchema } from "./docs-index.ts";
import styles from "./docs-panel.module.css";

/** What the schema says of itself: from the roots on, or by a search. */
export function DocsPanel({ schema }: { schema: GraphQLSchema }): ReactNode {
  const [way, setWay] = useState<readonly string[]>([]);
  const [text, setText] = useState("");
  const go = (type: string): void => {
    setWay((before) => [...before, type]);
    setText("");
  };
  const here = way.at(-1);
  return (
    <ScrollPart className={styles.docs} label="Docs">
      <input
        type="search"
        aria-label="Search types and fields"
        placeholder="Type or field"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {text.trim() === "" ? null : <Results schema={schema} text={text} onGo={go} />}
      {way.length === 0 ? null : (
        <p className={styles.way}>
          <button type="button" onClick={() => setWay([])}>
            Schema
          </button>
          {way.length < 2 ? null : (
            <button type="button" onClick={() => setWay(way.slice(0, -1))}>
              ← {way.at(-2)}
            </button>
          )}
        </p>
      )}
      {here === undefined ? <Roots schema={schema} onGo={go} /> : <Type schema={schema} name={here} onGo={go} />}
    </ScrollPart>
  );
}

interface PartProps {
  schema: GraphQLSchema;
  onGo(type: string): void;
}

function Results({ schema, text, onGo }: PartProps & { text: string }): ReactNode {
  const found = searchSchema(schema, text);
  if (found.length === 0) return <p className={styles.note}>Nothing is called so.</p>;
  return (
    <ul aria-label="Found" className={styles.lines}>
      {found.map(({ words, type }) => (
        <li key={words}>
          <Go to={type} words={words} onGo={onGo} />
        </li>
      ))}
    </ul>
  );
}

function Roots({ schema, onGo }: PartProps): ReactNode {
  return (
    <>
      <h2>Schema</h2>
      <p className={styles.note}>What can be asked, done and followed:</p>
      <ul className={styles.lines}>
        {rootsOf(schema).map((name) => (
          <li key={name}>
            <Go to={name} words={name} onGo={onGo} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Type({ schema, name, onGo }: PartProps & { name: string }): ReactNode {
  const type = describeType(schema, name);
  if (type === undefined) return <p className={styles.note}>The schema has no {name}.</p>;
  return (
    <>
      <h2>
        <span className={styles.kind}>{type.kind}</span> {name}
      </h2>
      {type.description === "" ? null : <p className={styles.note}>{type.description}</p>}
      {type.related.length === 0 ? null : (
        <p className={styles.related}>
          {type.related.map((each) => (
            <Go key={each} to={each} words={each} onGo={onGo} />
          ))}
        </p>
      )}
      <ul className={styles.lines}>
        {type.lines.map((line) => (
          <li key={line.name}>
            <code>
              <strong>{line.name}</strong>
              <Args args={line.args} onGo={onGo} />
              <TypeOf line={line} onGo={onGo} />
            </code>
            {line.deprecated === "" ? null : <p className={styles.deprecated}>Deprecated: {line.deprecated}</p>}
            {line.description === "" ? null : <p className={styles.note}>{line.description}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Args({ args, onGo }: { args: readonly DocLine[]; onGo: PartProps["onGo"] }): ReactNode {
  if (args.length === 0) return null;
  return (
    <>
      (
      {args.map((arg, index) => (
        <Fragment key={arg.name}>
          {index === 0 ? "" : ", "}
          {arg.name}
          <TypeOf line={arg} onGo={onGo} />
        </Fragment>
      ))}
      )
    </>
  );
}

function TypeOf({ line: { type, leadsTo }, onGo }: { line: DocLine; onGo: PartProps["onGo"] }): ReactNode {
  if (leadsTo === undefined) return null;
  return (
    <>
      {": "}
      <Go to={leadsTo} words={type} onGo={onGo} />
    </>
  );
}

function Go({ to, words, onGo }: { to: string; words: string; onGo: PartProps["onGo"] }): ReactNode {
  return (
    <button type="button" className={styles.go} onClick={() => onGo(to)}>
      {words}
    </button>
  );
}
