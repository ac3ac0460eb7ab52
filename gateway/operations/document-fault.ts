import { GraphQLError } from "graphql";

/** A fault of the document itself, as its author reads it. */
export function documentFault(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_INPUT" } });
}

/** The library's error with our code in it; where in the document it is stays. */
export function asDocumentFault({ message, nodes, source, positions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code: "BAD_INPUT" },
  });
}
