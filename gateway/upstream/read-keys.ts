import { type ConstDirectiveNode, Kind, parse } from "graphql";

/** By type, the fields by which the subgraphs know its objects: what a plan asks for beside what the operation does. */
export type Keys = ReadonlyMap<string, ReadonlySet<string>>;

export function readKeys(supergraphSdl: string): Keys {
  const types = parse(supergraphSdl, { noLocation: true }).definitions.filter(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION,
  );
  return new Map(
    types.map(({ name, directives, fields = [] }) => [
      name.value,
      new Set([
        ...namesIn(directives, "join__type", "key"),
        ...fields.flatMap((field) => namesIn(field.directives, "join__field", "requires")),
      ]),
    ]),
  );
}

/** Names in the selections that directives of the supergraph hold as text, such as "id owner { id }". */
function namesIn(directives: readonly ConstDirectiveNode[] = [], directive: string, argument: string): string[] {
  return directives
    .filter(({ name }) => name.value === directive)
    .flatMap(({ arguments: given = [] }) => given)
    .flatMap(({ name, value }) =>
      name.value === argument && value.kind === Kind.STRING ? (value.value.match(/\w+/g) ?? []) : [],
    );
}
