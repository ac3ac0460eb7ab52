import { SomaError } from "../errors.ts";

/** Who asks: a subject of a tenant, the roles it may act under, and the service that asks in its name, if one does. */
export interface Principal {
  tenant: string;
  subject: string;
  roles: readonly string[];
  service: string | null;
}

/** Role of who sees how the product is set up, and decides what cannot be delivered. */
export const OPERATOR = "operator";

/** Throws FORBIDDEN unless the principal may act under the role. */
export function requireRole(principal: Principal, role: string): void {
  if (principal.roles.includes(role)) return;
  throw new SomaError(
    "FORBIDDEN",
    `${principal.subject} may not act as role "${role}"; roles of this identity: ${principal.roles.join(", ") || "none"}`,
  );
}

const TENANT = /^[a-z0-9-]{1,40}$/;

export function isTenant(value: unknown): value is string {
  return typeof value === "string" && TENANT.test(value);
}

/** The roles a token names; undefined when it names none that could be roles. */
export function toRoles(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((role) => typeof role === "string") ? value : undefined;
}
