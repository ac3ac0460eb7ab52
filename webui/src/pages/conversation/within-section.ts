import { Lexer, type Token } from "marked";
import { fenced } from "./fenced.ts";

/** The deepest heading of the file that a text is put into. */
const DEEPEST = 3;
const MOST = 6;
const TAG = /<(?=[a-z][\w-]*[\s/>]|[/!?])/gi;
const CODE = /(`+[^`]+`+)/;

/**
 * A text in Markdown as a part of a section: what it leaves open ends with it, its headings are below those of the file, and its
 * tags are words, so that nothing in it reads as another part or swallows what follows.
 */
export function withinSection(text: string): string {
  return Lexer.lex(text).map(toPart).join("").trimEnd();
}

function toPart(token: Token): string {
  const { raw, type } = token;
  const end = /\n*$/.exec(raw)?.[0] ?? "";
  if (type === "heading") return `${"#".repeat(Math.min(MOST, token.depth + DEEPEST))} ${plainTags(token.text)}${end}`;
  if (type === "code" && token.codeBlockStyle !== "indented") return `${fenced(token.text, token.lang)}${end}`;
  return type === "code" ? raw : plainTags(raw);
}

function plainTags(text: string): string {
  return text
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(TAG, "\\<")))
    .join("");
}
