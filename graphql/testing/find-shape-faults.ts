import {
  type GraphQLArgument,
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";

type Field = GraphQLField<unknown, unknown>;

/** Rules of docs/developer/graphql.md that the linter does not know, a sentence for each place that breaks one. */
export function findShapeFaults(schema: GraphQLSchema, boundedLists: Readonly<Record<string, string>>): string[] {
  const fields = objectTypes(schema).flatMap((type) => fieldsOf(type).map((field) => ({ type, field })));
  return [
    ...[schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
      fieldsOf(root).flatMap((field) =>
        described(field) ? [] : [`${root?.name}.${field.name} says nothing about itself`],
      ),
    ),
    ...fieldsOf(schema.getMutationType()).flatMap(mutationFaults),
    ...fields.flatMap(({ type, field }) => listFaults(type, field, boundedLists)),
    ...members(schema).flatMap(deprecationFaults),
  ];
}

function mutationFaults({ name, args, type }: Field): string[] {
  const [input] = args;
  const faults: string[] = [];
  if (args.length !== 1 || input?.name !== "input" || !isNonNullType(input.type))
    return [`Mutation.${name} must have exactly one argument, input, that is not null`];
  const inputType = input.type.ofType;
  if (!isInputObjectType(inputType) || !inputType.name.endsWith("Input"))
    faults.push(`Mutation.${name} must take an input type whose name ends in Input; it takes ${inputType}`);
  else if (String(inputType.getFields().idempotencyKey?.type) !== "String!")
    faults.push(`${inputType.name} of Mutation.${name} must have idempotencyKey: String!`);
  if (!isObjectType(getNullableType(type)) || !getNamedType(type).name.endsWith("Payload"))
    faults.push(`Mutation.${name} must give an object whose name ends in Payload; it gives ${type}`);
  return faults;
}

const BOUNDS = /`first` or `last` is 1 to \d+; \d+ when neither is given\./;

function listFaults(owner: GraphQLObjectType, field: Field, bounded: Readonly<Record<string, string>>): string[] {
  const place = `${owner.name}.${field.name}`;
  const named = getNamedType(field.type).name;
  if (named.endsWith("Connection")) {
    const faults = BOUNDS.test(field.description ?? "")
      ? []
      : [`${place} must say its bounds: \`first\` or \`last\` is 1 to <maximum>; <default> when neither is given.`];
    const args = ["first: Int", "after: String", "last: Int", "before: String"];
    const has = field.args.map((arg) => `${arg.name}: ${arg.type}`);
    const missing = args.filter((arg) => !has.includes(arg));
    return missing.length === 0 ? faults : [...faults, `${place} must also take ${missing.join(", ")}`];
  }
  if (!isList(field.type) || place in bounded || /^\w+Connection\.(edges|nodes)$/.test(place)) return [];
  return [`${place} is a list that may grow; make it a connection, or name what bounds it in graphql/schema.test.ts`];
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

const ADVICE = /^use `.+`.*; since \d+\.\d+$/;

function deprecationFaults({ place, member }: Member): string[] {
  const { deprecationReason: reason } = member;
  if (reason === null || reason === undefined || ADVICE.test(reason)) return [];
  return [`${place} is deprecated with "${reason}"; write what to use and since when: use \`other\`; since 1.2`];
}

interface Member {
  place: string;
  member: Field | GraphQLArgument | GraphQLInputField | GraphQLEnumValue;
}

/** Everything of a schema that can be deprecated. */
function members(schema: GraphQLSchema): Member[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith("__"))
    .flatMap((type): Member[] => {
      const place = (name: string) => `${type.name}.${name}`;
      if (isEnumType(type)) return type.getValues().map((member) => ({ place: place(member.name), member }));
      if (isInputObjectType(type)) return fieldsOf(type).map((member) => ({ place: place(member.name), member }));
      if (!isObjectType(type) && !isInterfaceType(type)) return [];
      return fieldsOf(type).flatMap((member) => [
        { place: place(member.name), member },
        ...member.args.map((arg) => ({ place: `${place(member.name)}(${arg.name})`, member: arg })),
      ]);
    });
}

function objectTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !type.name.startsWith("__"));
}

function fieldsOf<F>(type: { getFields(): Record<string, F> } | null | undefined): F[] {
  return Object.values(type?.getFields() ?? {});
}

function described({ description }: Field): boolean {
  return (description ?? "") !== "";
}
