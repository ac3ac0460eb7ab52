import { type DocumentNode, GraphQLError, Lexer, parse, Source, TokenKind } from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import { asDocumentFault, documentFault } from "./document-fault.ts";

const OPENING: readonly TokenKind[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const CLOSING: readonly TokenKind[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

/** A text as a document. How long it is and how deep its brackets nest is known before anything is built of it. */
export function readDocument(query: string, limits: GatewayLimits): DocumentNode {
  try {
    checkTokens(query, limits);
    return parse(query, { maxTokens: limits.tokens });
  } catch (cause) {
    throw cause instanceof GraphQLError ? asDocumentFault(cause) : documentFault("the document cannot be read");
  }
}

function checkTokens(query: string, limits: GatewayLimits): void {
  const lexer = new Lexer(new Source(query));
  let nesting = 0;
  let tokens = 0;
  for (let { kind } = lexer.advance(); kind !== TokenKind.EOF; { kind } = lexer.advance()) {
    tokens += 1;
    if (tokens > limits.tokens)
      throw documentFault(`the document has more than ${limits.tokens} tokens; send it in parts`);
    if (OPENING.includes(kind)) nesting += 1;
    if (CLOSING.includes(kind)) nesting -= 1;
    if (nesting > limits.nesting)
      throw documentFault(`the document has more than ${limits.nesting} brackets inside one another`);
  }
}
