import {
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  type TypeNode,
  typeFromAST,
} from "graphql";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";

/** Input objects inside one another are filled in so far. */
const MAX_DEPTH = 4;
const SCALARS: Readonly<Record<string, unknown>> = { Int: 0, Float: 0, Boolean: false, JSON: { text: "" } };

/** JSON of the variables that a document cannot do without, to be filled in; what the schema knows of is there by its parts. */
export function sampleVariables(text: string, schema: GraphQLSchema | undefined): string {
  const operation = parse(text).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const definitions = operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : [];
  const needed = definitions.filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
  );
  const samples = needed.map(({ variable, type }) => [variable.name.value, sampleOf(typeOf(type, schema))]);
  return JSON.stringify(Object.fromEntries(samples), null, 2);
}

function typeOf(type: TypeNode, schema: GraphQLSchema | undefined): GraphQLInputType | undefined {
  return schema === undefined ? undefined : (typeFromAST(schema, type as never) as GraphQLInputType | undefined);
}

function sampleOf(type: GraphQLInputType | undefined, depth = 0): unknown {
  if (type === undefined) return "";
  if (isNonNullType(type)) return sampleOf(type.ofType, depth);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return Object.hasOwn(SCALARS, type.name) ? SCALARS[type.name] : "";
  if (depth >= MAX_DEPTH) return {};
  const needed = Object.values(type.getFields()).filter(
    (field) => isNonNullType(field.type) && field.defaultValue === undefined,
  );
  return Object.fromEntries(
    needed.map((field) => [
      field.name,
      field.name === "idempotencyKey" ? newIdempotencyKey() : sampleOf(field.type, depth + 1),
    ]),
  );
}
