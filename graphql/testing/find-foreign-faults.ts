import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  print,
  type TypeNode,
} from "graphql";

/** Types whose fields come from every service. (A subscription has one field, and nothing beside it.) */
const ROOTS = ["Query", "Mutation"];

/**
 * Fields of a supergraph that another service answers than the one their object comes from, and that are not nullable: a
 * service that is down would then cost its neighbours' objects too. `homes` says where the objects of each entity come from.
 */
export function findForeignFaults(supergraph: DocumentNode, homes: Readonly<Record<string, string>>): string[] {
  const types = supergraph.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  const homeless = types.filter(isEntity).filter(({ name }) => !(name.value in homes));
  return [
    ...homeless.map(({ name }) => `${name.value} is an entity; say in graphql/schema.test.ts where it comes from`),
    ...types.flatMap((type) => (type.fields ?? []).flatMap((field) => faultOf(type, field, homes))),
  ];
}

function faultOf(
  type: ObjectTypeDefinitionNode,
  field: FieldDefinitionNode,
  homes: Readonly<Record<string, string>>,
): string[] {
  if (field.type.kind !== Kind.NON_NULL_TYPE) return [];
  const place = `${type.name.value}.${field.name.value}`;
  if (ROOTS.includes(type.name.value))
    return [`${place} would take what stands beside it in a request along; make the field nullable`];
  const answering = valuesOf(field.directives, "join__field", "graph");
  const graphs = answering.length > 0 ? answering : valuesOf(type.directives, "join__type", "graph");
  const home = homes[type.name.value];
  if (home !== undefined && !graphs.includes(home))
    return [`${place} is answered by ${graphs} and ${type.name.value} is of ${home}; make the field nullable`];
  const given = homes[namedType(field.type)];
  if (given !== undefined && !graphs.includes(given))
    return [`${place} is answered by ${graphs} and gives an object of ${given}; make the field nullable`];
  return [];
}

function isEntity(type: ObjectTypeDefinitionNode): boolean {
  return valuesOf(type.directives, "join__type", "key").length > 0;
}

function valuesOf(directives: readonly ConstDirectiveNode[] = [], directive: string, argument: string): string[] {
  return directives
    .filter(({ name }) => name.value === directive)
    .flatMap((node) => node.arguments ?? [])
    .filter(({ name }) => name.value === argument)
    .map(({ value }) => print(value));
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
