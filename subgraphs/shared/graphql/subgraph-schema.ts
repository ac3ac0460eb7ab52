import { buildSubgraphSchema } from "@apollo/subgraph";
import { type GraphQLSchema, parse } from "graphql";

/** An executable schema of a subgraph, with what federation asks of it. */
export function createSubgraphSchema(typeDefs: string, resolvers: object = {}): GraphQLSchema {
  return buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
}
