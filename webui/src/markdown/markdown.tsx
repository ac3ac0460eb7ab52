import { showHidden } from "@soma/schemas/hidden-characters";
import type { MarkedToken, Token, Tokens } from "marked";
import { memo, type ReactNode, useRef } from "react";
import { ScrollPart } from "../ui/scroll-part.tsx";
import { type FrozenText, lexMore, NO_TEXT } from "./frozen-lexer.ts";
import { Inline } from "./inline.tsx";
import styles from "./markdown.module.css";

/**
 * Markdown as React elements from an allow-list; never through a string of HTML, so nothing in a text can become
 * markup. Tags in the text are shown as they are written, images are not loaded.
 */
export function Markdown({ text }: { text: string }): ReactNode {
  const before = useRef<FrozenText>(NO_TEXT);
  const lexed = lexMore(before.current, showHidden(text));
  before.current = lexed;
  return (
    <div className={styles.markdown}>
      <Blocks tokens={lexed.tokens} />
    </div>
  );
}

function Blocks({ tokens }: { tokens: readonly Token[] }): ReactNode {
  // The position is a block's identity: a text only grows at its end.
  // biome-ignore lint/suspicious/noArrayIndexKey: see above
  return tokens.map((token, index) => <Block key={index} token={token} />);
}

const Block = memo(function Block({ token: any }: { token: Token }): ReactNode {
  const token = any as MarkedToken;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      );
    case "heading":
      return <Heading token={token} />;
    case "code":
      return <CodeBlock token={token} />;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      );
    case "list":
      return <List token={token} />;
    case "table":
      return <Table token={token} />;
    case "hr":
      return <hr />;
    case "html":
      return <p>{token.text}</p>;
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    case "text":
      return <Inline tokens={token.tokens ?? [token]} />;
    default:
      return <Inline tokens={[token]} />;
  }
});

/** Headings of a text stand below the page's own h1 and h2. */
function Heading({ token }: { token: Tokens.Heading }): ReactNode {
  const content = <Inline tokens={token.tokens} />;
  if (token.depth === 1) return <h3>{content}</h3>;
  return token.depth === 2 ? <h4>{content}</h4> : <h5>{content}</h5>;
}

function CodeBlock({ token }: { token: Tokens.Code }): ReactNode {
  const language = /^[\w+#.-]{1,20}/.exec(token.lang ?? "")?.[0];
  return (
    <ScrollPart as="figure" className={styles.code} label={language === undefined ? "Code" : `Code, ${language}`}>
      {language === undefined ? null : <span className={styles.language}>{language}</span>}
      <pre>
        <code>{token.text}</code>
      </pre>
    </ScrollPart>
  );
}

function List({ token }: { token: Tokens.List }): ReactNode {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a list only grows at its end
    <li key={index} className={item.task ? styles.task : undefined}>
      <Blocks tokens={item.tokens} />
    </li>
  ));
  return token.ordered ? <ol start={token.start === "" ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ token }: { token: Tokens.Table }): ReactNode {
  const cell = ({ align, tokens }: Tokens.TableCell, index: number, Tag: "th" | "td"): ReactNode => (
    <Tag key={index} className={align === null ? undefined : styles[align]} {...(Tag === "th" ? { scope: "col" } : {})}>
      <Inline tokens={tokens} />
    </Tag>
  );
  return (
    <ScrollPart as="figure" className={styles.table} label="Table">
      <table>
        <thead>
          <tr>{token.header.map((header, index) => cell(header, index, "th"))}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a table only grows at its end
            <tr key={index}>{row.map((entry, column) => cell(entry, column, "td"))}</tr>
          ))}
        </tbody>
      </table>
    </ScrollPart>
  );
}
