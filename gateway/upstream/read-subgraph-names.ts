import { type DirectiveNode, Kind, parse } from "graphql";

/**
 * The subgraphs a supergraph was composed of. Read from its text, because settings are needed before there is a planner, and a
 * planner is built once.
 */
export function readSubgraphNames(supergraphSdl: string): string[] {
  return parse(supergraphSdl, { noLocation: true })
    .definitions.filter((definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION)
    .filter(({ name }) => name.value === "join__Graph")
    .flatMap(({ values = [] }) => values)
    .flatMap(({ directives = [] }) => directives.flatMap(nameIn));
}

function nameIn(directive: DirectiveNode): string[] {
  const value = directive.arguments?.find(({ name }) => name.value === "name")?.value;
  return directive.name.value === "join__graph" && value?.kind === Kind.STRING ? [value.value] : [];
}
