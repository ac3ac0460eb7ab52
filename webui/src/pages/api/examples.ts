/// <reference types="vite/types/importMeta.d.ts" />
import {
  type DefinitionNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from "graphql";

/** An operation that this page, or the command line, asks itself. */
export interface Example {
  name: string;
  kind: OperationDefinitionNode["operation"];
  /** With the fragments it needs. */
  text: string;
}

/** As our clients ask them, from the files that their types are made of. */
const OPERATIONS: Record<string, string> = import.meta.glob("../../../../graphql/operations/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});

const KINDS = ["query", "mutation", "subscription"];

/** The operations of some documents by kind and name, each with the fragments it needs. */
export function readExamples(sources: readonly string[] = Object.values(OPERATIONS)): Example[] {
  const all = sources.flatMap((source) => parse(source, { noLocation: true }).definitions);
  const isOperation = (each: DefinitionNode): each is OperationDefinitionNode =>
    each.kind === Kind.OPERATION_DEFINITION;
  const fragments = new Map(
    all.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION).map((each) => [each.name.value, each]),
  );
  return all
    .filter(isOperation)
    .map((operation) => ({
      name: operation.name?.value ?? "",
      kind: operation.operation,
      text: [operation, ...fragmentsOf(operation, fragments)].map(print).join("\n\n"),
    }))
    .sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || (one.name < other.name ? -1 : 1));
}

/** The fragments that are reached, each once. */
function fragmentsOf(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): FragmentDefinitionNode[] {
  const reached = new Set<FragmentDefinitionNode>();
  const look = (node: DefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value);
        if (fragment === undefined || reached.has(fragment)) return;
        reached.add(fragment);
        look(fragment);
      },
    });
  };
  look(operation);
  return [...reached];
}
