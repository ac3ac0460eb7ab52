import { Lexer, type Token, type TokensList } from "marked";

/**
 * Markdown that grows at its end, as a model's text does while it streams. Blocks that more text can no longer change
 * are frozen: they are lexed once and keep their identity, so that React leaves their elements alone. Without it every
 * frame would lex and compare the whole text again.
 */
export interface FrozenText {
  /** The text up to here will not be lexed again. */
  readonly frozen: string;
  readonly frozenTokens: readonly Token[];
  /** All blocks of the text, the frozen ones first. */
  readonly tokens: readonly Token[];
}

export const NO_TEXT: FrozenText = { frozen: "", frozenTokens: [], tokens: [] };

/** A link definition may stand anywhere and gives links before and after it their address, so nothing can be frozen. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;
/** The newest blocks that more text may still change: a block, the space after it, and what has begun behind. */
const LIVE_BLOCKS = 3;

/** Lexes the text, taking over what was frozen before; text that does not continue the earlier one begins anew. */
export function lexMore(before: FrozenText, text: string): FrozenText {
  const source = text.replace(/\r\n?/g, "\n");
  if (DEFINITION.test(source)) return { ...NO_TEXT, tokens: [...Lexer.lex(source)] };
  const kept = source.startsWith(before.frozen) ? before : NO_TEXT;
  const rest = source.slice(kept.frozen.length);
  const live = Lexer.lex(rest);
  const count = freezable(live, rest);
  const done = live.slice(0, count);
  const frozenTokens = count === 0 ? kept.frozenTokens : [...kept.frozenTokens, ...done];
  return {
    frozen: kept.frozen + rest.slice(0, lengthOf(done)),
    frozenTokens,
    tokens: [...frozenTokens, ...live.slice(count)],
  };
}

/** How many of the blocks may be frozen: up to a blank line, and only where the lexer kept the text as it was. */
function freezable(live: TokensList, rest: string): number {
  let count = live.length - LIVE_BLOCKS;
  while (count > 0 && live[count - 1]?.type !== "space") count -= 1;
  const done = live.slice(0, Math.max(0, count));
  return done.length > 0 && rest.startsWith(done.map((token) => token.raw).join("")) ? done.length : 0;
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + token.raw.length, 0);
}
