import type { Setting } from "../config.ts";
import { isTenant } from "../identity/principal.ts";
import { POOL } from "./event-record.ts";

/** Who may speak to the product over the bus; a tenant that is not named is not known there. */
export interface InboundTenants {
  /** False when nobody may, so that nothing has to be listened to. */
  any: boolean;
  has(tenant: string): boolean;
}

const NOBODY: InboundTenants = { any: false, has: () => false };
/** The name of the pool is nobody's: what stands in shared topics and is not what it says belongs to no tenant. */
const EVERYBODY: InboundTenants = { any: true, has: (tenant) => tenant !== POOL };

/** The setting, for whoever listens and for whoever answers; who may write to a tenant's topics speaks for that tenant. */
export const inboundTenantsSetting: Setting<InboundTenants> = {
  env: "SOMA_INBOUND_TENANTS",
  doc: "comma list of tenants whose messages and tool requests on the bus are taken, and whose answers are published there; * for all, empty for none",
  default: NOBODY,
  parse(value) {
    const names = value
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    if (names.length === 1 && names[0] === "*") return EVERYBODY;
    const fault = names.find((name) => !isTenant(name) || name === POOL);
    if (fault !== undefined) throw new Error(`has "${fault}", which is not a tenant (1 to 40 of a-z, 0-9 and -)`);
    const known = new Set(names);
    return { any: known.size > 0, has: (tenant) => known.has(tenant) };
  },
};
