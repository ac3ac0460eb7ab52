import { type GraphQLError, Kind, type OperationDefinitionNode, parse } from "graphql";

/** An operation of a document that somebody writes. */
export interface WrittenOperation {
  /** Empty where it has none. */
  name: string;
  kind: OperationDefinitionNode["operation"];
}

/** The operations of a document; or why it is none, such as while it is written. */
export function readDocument(text: string): { operations: WrittenOperation[] } | { fault: string } {
  try {
    const operations = parse(text, { noLocation: true }).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? [{ name: definition.name?.value ?? "", kind: definition.operation }]
        : [],
    );
    return operations.length === 0 ? { fault: "There is no operation in it" } : { operations };
  } catch (error) {
    const { message, locations } = error as GraphQLError;
    const at = locations?.[0] === undefined ? "" : ` (line ${locations[0].line})`;
    return { fault: `${message}${at}` };
  }
}
