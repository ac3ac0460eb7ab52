import type { GraphQLDataSource } from "@apollo/gateway";
import {
  type DocumentNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
  valueFromASTUntyped,
} from "graphql";
import type { Place } from "../ground/failed-at.ts";

type ProcessParams = Parameters<GraphQLDataSource["process"]>[0];

/**
 * The places of the answer that a request to a subgraph is for: the root fields it asks for, or the objects it adds to, up to
 * the first list, whose items are asked for together.
 */
export function findPlaces(params: ProcessParams): Place[] {
  const path = "pathInIncomingRequest" in params ? (params.pathInIncomingRequest ?? []) : [];
  const list = path.indexOf("@");
  const visible = list === -1 ? path : path.slice(0, list);
  if (visible.length > 0) return [[...visible]];
  const { query = "", variables = {} } = params.request;
  return rootKeys(parse(query), variables).map((key) => [key]);
}

function rootKeys(document: DocumentNode, variables: Record<string, unknown>): string[] {
  const keys = document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION
      ? keysOf(node.selectionSet, { ...defaultsOf(node.variableDefinitions), ...variables })
      : [],
  );
  return [...new Set(keys)];
}

/** What variables are that the caller left out. */
function defaultsOf(definitions: readonly VariableDefinitionNode[] = []): Record<string, unknown> {
  return Object.fromEntries(
    definitions.flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    ),
  );
}

function keysOf({ selections }: SelectionSetNode, variables: Record<string, unknown>): string[] {
  return selections
    .filter((node) => isAsked(node, variables))
    .flatMap((node) => {
      if (node.kind === Kind.FIELD) return [(node.alias ?? node.name).value];
      return node.kind === Kind.INLINE_FRAGMENT ? keysOf(node.selectionSet, variables) : [];
    });
}

function isAsked(node: SelectionNode, variables: Record<string, unknown>): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false
  );
}
