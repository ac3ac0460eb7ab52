import type { ModelChoice, ModelsConf } from "@soma/conf/models";
import { SomaError } from "@soma/shared/errors";

/** For whom a model is asked. */
export interface Who {
  tenant: string;
  role: string;
}

/** The profile of a run: the one it names, if it may be used, else the default of whom it runs for. */
export type PickProfile = (who: Who, wanted: string | null | undefined) => string;

type Choices = Pick<ModelsConf, "roles" | "tenants">;

export interface ChooseProfileParams {
  choices: Choices;
  /** Every profile that there is. */
  profiles: readonly string[];
  /** The one where nothing else is said. */
  standard: string;
  who: Who;
  wanted: string | null | undefined;
}

/** Why somebody may not use a profile, in a sentence that names it; undefined when they may. */
export function whyNot(choices: Choices, who: Who, profile: string): string | undefined {
  for (const [what, { allow }] of choicesOf(choices, who))
    if (allow?.includes(profile) === false)
      return `${what} may not use model profile "${profile}"; it may use ${allow.join(", ")}`;
  return undefined;
}

/**
 * The profile of a run. Of one that names none it is the first that may be used of the role's default, the tenant's,
 * the product's, and what the role and then the tenant may use. Throws BAD_INPUT for a profile there is not, FORBIDDEN
 * for one that may not be used.
 */
export function chooseProfile({ choices, profiles, standard, who, wanted }: ChooseProfileParams): string {
  if (wanted === null || wanted === undefined) return defaultOf({ choices, profiles, standard, who });
  if (!profiles.includes(wanted))
    throw new SomaError("BAD_INPUT", `there is no model profile "${wanted}"; known: ${profiles.join(", ")}`);
  const why = whyNot(choices, who, wanted);
  if (why !== undefined) throw new SomaError("FORBIDDEN", why);
  return wanted;
}

function defaultOf({ choices, profiles, standard, who }: Omit<ChooseProfileParams, "wanted">): string {
  const said = choicesOf(choices, who).map(([, choice]) => choice);
  const defaults = said.flatMap((choice) => choice.default ?? []);
  const candidates = [...defaults, standard, ...said.flatMap(({ allow = [] }) => allow)];
  const found = candidates.find((name) => profiles.includes(name) && whyNot(choices, who, name) === undefined);
  if (found !== undefined) return found;
  throw new SomaError(
    "FORBIDDEN",
    `there is no model profile that role "${who.role}" may use in tenant "${who.tenant}"; see roles and tenants of models.yaml`,
  );
}

/** What is said of a role and of a tenant, in the order in which it counts. */
function choicesOf({ roles = {}, tenants = {} }: Choices, { role, tenant }: Who): [string, ModelChoice][] {
  const of = (what: string, all: Readonly<Record<string, ModelChoice>>, name: string): [string, ModelChoice][] => {
    const choice = Object.hasOwn(all, name) ? all[name] : undefined;
    return choice === undefined ? [] : [[`${what} "${name}"`, choice]];
  };
  return [...of("role", roles, role), ...of("tenant", tenants, tenant)];
}
