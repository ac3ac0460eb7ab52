import { type Static, Type } from "typebox";
import { readConf, refuse, SHIPPED_CONF } from "./read-conf.ts";

const RoleSchema = Type.Object(
  {
    description: Type.String(),
    tools: Type.Array(Type.String(), { uniqueItems: true, description: "tools the role may call, by name" }),
    maxRisk: Type.Enum(["low", "medium", "high"], { description: "highest risk of a tool the role may call" }),
  },
  { additionalProperties: false },
);

const RolesSchema = Type.Object(
  {
    default: Type.String({ description: "role of a run when its caller names none" }),
    roles: Type.Record(Type.String({ pattern: "^[a-z][a-z0-9-]{0,39}$" }), RoleSchema, {
      minProperties: 1,
      additionalProperties: false,
    }),
  },
  { additionalProperties: false },
);

export type RolesConf = Static<typeof RolesSchema>;

/** Who may do what: roles.yaml of a folder. */
export function loadRoles(folder: URL = SHIPPED_CONF): RolesConf {
  const conf = readConf(new URL("roles.yaml", folder), RolesSchema);
  if (!Object.hasOwn(conf.roles, conf.default))
    refuse("roles.yaml", [`default is "${conf.default}", which is not one of its roles`]);
  return conf;
}

const RISKS = ["low", "medium", "high"] as const;

/** Whether a role may do nothing that another one may not; every role is within itself. */
export function isWithin({ roles }: RolesConf, inner: string, outer: string): boolean {
  if (inner === outer) return true;
  const [less, more] = [roles[inner], roles[outer]];
  if (less === undefined || more === undefined) return false;
  return (
    less.tools.every((tool) => more.tools.includes(tool)) && RISKS.indexOf(less.maxRisk) <= RISKS.indexOf(more.maxRisk)
  );
}
