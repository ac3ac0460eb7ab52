import type { BudgetsConf } from "@soma/conf/budgets";

/**
 * Places in budgets.yaml that name an agent there is not: their limits hold nobody until there is one, since a project
 * may come with it later.
 */
export function unknownAgents({ default: all, tenants }: BudgetsConf, agents: ReadonlySet<string>): string[] {
  const said = Object.entries(tenants).map(([tenant, own]) => [`/tenants/${tenant}`, own] as const);
  return [["/default", all] as const, ...said].flatMap(([path, own]) =>
    Object.keys(own.agents ?? {}).flatMap((name) => (agents.has(name) ? [] : [`${path}/agents/${name}`])),
  );
}
