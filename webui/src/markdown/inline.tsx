import type { MarkedToken, Token } from "marked";
import type { ReactNode } from "react";
import { ImageIcon } from "../ui/icons.tsx";
import styles from "./markdown.module.css";
import { decodeReferences } from "./plain-text.ts";
import { imageSource, safeLink } from "./safe-link.ts";

/** Parts of a line as React elements. A kind that is not on the list is shown as it was written. */
export function Inline({ tokens }: { tokens: readonly Token[] }): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a line only grows at its end
  return tokens.map((token, index) => <Part key={index} token={token} />);
}

function Part({ token: any }: { token: Token }): ReactNode {
  const token = any as MarkedToken;
  switch (token.type) {
    case "text":
      return token.tokens === undefined ? decodeReferences(token.text) : <Inline tokens={token.tokens} />;
    case "escape":
      return token.text;
    case "strong":
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      );
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return (
        <Link href={token.href} label={token.text}>
          <Inline tokens={token.tokens} />
        </Link>
      );
    case "image":
      return <ImageChip src={token.href} description={token.text} />;
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    default:
      return token.raw;
  }
}

/** A link says where it leads: the words of a text may say something else. */
function Link({ href, label, children }: { href: string; label: string; children: ReactNode }): ReactNode {
  const link = safeLink(href);
  if (link === undefined)
    return (
      <>
        {children} <span className={styles.host}>({href === "" ? "no address" : href})</span>
      </>
    );
  const told = label.includes(link.host);
  return (
    <>
      <a href={link.href} target="_blank" rel="noreferrer noopener">
        {children}
      </a>
      {told ? null : <span className={styles.host}> ({link.host})</span>}
    </>
  );
}

/** Loading an image tells its server who reads this and when, and its address can carry the conversation away. */
function ImageChip({ src, description }: { src: string; description: string }): ReactNode {
  return (
    <span className={styles.chip}>
      <ImageIcon />
      Image from {imageSource(src)} not loaded{description === "" ? "" : `: ${description}`}
    </span>
  );
}
