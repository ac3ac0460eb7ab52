import { existsSync } from "node:fs";
import { type Static, Type } from "typebox";
import { readConf, SHIPPED_CONF } from "./read-conf.ts";

const weight = Type.Number({
  minimum: 0.01,
  maximum: 1_000,
  description: "how many of its runs start for one of a tenant that has weight 1, while both have runs that wait",
});
const maxRunning = Type.Integer({
  minimum: 1,
  description: "runs that execute at a time, in all workers; left out, as many as there are places",
});
const maxUnfinished = Type.Integer({
  minimum: 1,
  description: "runs that have not ended, waiting and parked ones too; beyond them none is started",
});

const retention = Type.Object(
  {
    runs: Type.String({
      pattern: "^([1-9][0-9]{0,4}d|forever)$",
      description: "how long runs are kept after their end, in days such as 30d, or forever",
    }),
  },
  { additionalProperties: false },
);

const TenantsSchema = Type.Object(
  {
    default: Type.Object(
      { weight, maxRunning: Type.Optional(maxRunning), maxUnfinished, retention: Type.Optional(retention) },
      { additionalProperties: false },
    ),
    tenants: Type.Record(
      Type.String({ pattern: "^[a-z0-9-]{1,40}$" }),
      Type.Partial(Type.Object({ weight, maxRunning, maxUnfinished, retention }), { additionalProperties: false }),
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export type TenantLimits = Static<typeof TenantsSchema>["default"];

/** Limits of tenants by name; those of all others under an asterisk. */
export type TenantsConf = Readonly<Record<string, TenantLimits>>;

/** How tenants share the engine: tenants.yaml of a folder, or the shipped one where the folder has none. */
export function loadTenants(folder: URL = SHIPPED_CONF): TenantsConf {
  const own = new URL("tenants.yaml", folder);
  const conf = readConf(existsSync(own) ? own : new URL("tenants.yaml", SHIPPED_CONF), TenantsSchema);
  const named = Object.entries(conf.tenants).map(([tenant, said]) => [tenant, { ...conf.default, ...said }] as const);
  return { ...Object.fromEntries(named), "*": conf.default };
}

const DAY_MS = 86_400_000;

/** Milliseconds for which a run is kept after its end; undefined for ever. */
export function keptMs({ retention }: TenantLimits): number | undefined {
  const days = Number.parseInt(retention?.runs ?? "forever", 10);
  return Number.isNaN(days) ? undefined : days * DAY_MS;
}

export function limitsOf(conf: TenantsConf, tenant: string): TenantLimits {
  const limits = Object.hasOwn(conf, tenant) ? conf[tenant] : conf["*"];
  if (limits === undefined) throw new Error("tenants.yaml was read without its default");
  return limits;
}
