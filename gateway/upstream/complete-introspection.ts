import { type OutputType, type Schema, typeFromAST } from "@apollo/federation-internals";
import { type GraphQLField, introspectionTypes, isObjectType, parseType } from "graphql";

/**
 * Lets operations ask for all that graphql tells of a schema. It validates and answers them, but the packages of federation plan
 * them by a list of their own, which lacks what came later (`isOneOf`, deprecated directives) and says of the mutations of a
 * schema that they are always there.
 */
export function completeIntrospection(apiSchema: Schema): void {
  // biome-ignore lint/complexity/useLiteralKeys: private to the outside; its own files reach it in the same way
  apiSchema["runWithBuiltInModificationAllowed"](() => {
    for (const type of introspectionTypes.filter(isObjectType))
      for (const field of Object.values(type.getFields())) completeField(apiSchema, type.name, field);
  });
}

function completeField(
  apiSchema: Schema,
  typeName: string,
  { name, type, args }: GraphQLField<unknown, unknown>,
): void {
  const parent = apiSchema.type(typeName);
  if (parent?.kind !== "ObjectType") throw new Error(`the supergraph has no type ${typeName}`);
  const field = parent.field(name) ?? parent.addField(name);
  field.type = toType(apiSchema, type) as OutputType;
  for (const argument of args)
    if (field.argument(argument.name) === undefined)
      field.addArgument(argument.name, toType(apiSchema, argument.type), argument.defaultValue);
}

/** The packages of federation have types of their own, of the same notation. */
function toType(apiSchema: Schema, type: { toString(): string }) {
  return typeFromAST(apiSchema, parseType(type.toString()));
}
