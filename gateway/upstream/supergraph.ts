import "./no-telemetry.ts";
import { operationFromDocument, Supergraph } from "@apollo/federation-internals";
import { executeQueryPlan, type GraphQLDataSource } from "@apollo/gateway";
import { type PlanNode, type QueryPlan, QueryPlanner, type SubscriptionNode } from "@apollo/query-planner";
import type { DocumentNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import type { RawResult } from "../ground/format-error.ts";
import type { OperationContext } from "../ground/operation-context.ts";
import { completeIntrospection } from "./complete-introspection.ts";
import { type Keys, readKeys } from "./read-keys.ts";

export type { PlanNode, SubscriptionNode };

/** A document with the one operation of it that runs, and how the subgraphs are asked for it. */
export interface PlannedOperation {
  text: string;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  plan: QueryPlan;
}

export type Sources = Readonly<Record<string, GraphQLDataSource>>;

interface ExecuteParams {
  planned: PlannedOperation;
  /** Run instead of the operation's own plan; subscriptions execute one event at a time with it. */
  node?: PlanNode;
  variables: Record<string, unknown>;
  sources: Sources;
  /** Handed to every data source. */
  context: OperationContext;
}

export interface SupergraphExecutor {
  /** The schema clients see. */
  schema: GraphQLSchema;
  keys: Keys;
  plan(document: DocumentNode, operation: OperationDefinitionNode): QueryPlan;
  execute(params: ExecuteParams): Promise<RawResult>;
}

type RequestContext = Parameters<typeof executeQueryPlan>[2];

/**
 * Plans and executes operations of a composed supergraph. One planner serves queries, mutations and subscriptions;
 * ApolloGateway is left out because its executor refuses subscriptions and would build a second planner beside ours.
 */
export function createSupergraphExecutor(supergraphSdl: string): SupergraphExecutor {
  const supergraph = Supergraph.build(supergraphSdl);
  const planner = new QueryPlanner(supergraph);
  const apiSchema = supergraph.apiSchema();
  completeIntrospection(apiSchema);
  const schema = apiSchema.toGraphQLJSSchema();
  const fullSchema = supergraph.schema.toGraphQLJSSchema();

  return {
    schema,
    keys: readKeys(supergraphSdl),

    plan(document, operation) {
      return planner.buildQueryPlan(operationFromDocument(apiSchema, document, nameOf(operation)));
    },

    async execute({ planned, node, variables, sources, context }) {
      const plan: QueryPlan = node === undefined ? planned.plan : { kind: "QueryPlan", node };
      const request = {
        request: { query: planned.text, variables, ...nameOf(planned.operation) },
        context,
        metrics: {},
        logger: SILENT,
      };
      const operationContext = { schema, operation: planned.operation, fragments: fragmentsOf(planned.document) };
      return (await executeQueryPlan(
        plan,
        sources,
        request as unknown as RequestContext,
        operationContext,
        fullSchema,
        apiSchema,
      )) as RawResult;
    },
  };
}

/** What the executor would say is in the result's errors too, and is logged when they are formatted. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function nameOf(operation: OperationDefinitionNode): { operationName?: string } {
  return operation.name === undefined ? {} : { operationName: operation.name.value };
}

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null) as Record<
    string,
    FragmentDefinitionNode
  >;
  for (const definition of document.definitions)
    if (definition.kind === "FragmentDefinition") fragments[definition.name.value] = definition;
  return fragments;
}
