/** Who may call which tools, as roles.yaml says. */
export interface Roles {
  default: string;
  roles: { readonly [name: string]: { readonly tools: readonly string[]; readonly maxRisk: string } };
}

/** A tool that came with a project and not with the installation. */
export interface ProjectTool {
  name: string;
  risk: string;
}

/** What a project brings of a risk above these, roles.yaml has to name. */
const GRANTED_RISKS = ["low", "medium"];

/**
 * The roles with what a project brings: the default role may call its tools of low and medium risk, within the role's own
 * highest risk. A tool that roles.yaml names anywhere is for whom it says there, and nobody else. A project adds nothing but
 * its own tools: who may call those that ship is not its affair.
 */
export function grantTools({ default: name, roles }: Roles, tools: readonly ProjectTool[]): Roles["roles"] {
  const named = new Set(Object.values(roles).flatMap((role) => role.tools));
  const granted = tools.filter((tool) => GRANTED_RISKS.includes(tool.risk) && !named.has(tool.name));
  const role = roles[name];
  if (role === undefined || granted.length === 0) return roles;
  return { ...roles, [name]: { ...role, tools: [...role.tools, ...granted.map((tool) => tool.name)] } };
}
