/** How the product is installed: a file each in conf/modes/, and the values of DEPLOY_MODE. */
export const DEPLOY_MODES = ["dev_full", "dev_prod", "prod", "prod_ha"] as const;

export type DeployMode = (typeof DEPLOY_MODES)[number];

/** Those that others than their developers rely on. */
export const PRODUCTION: readonly DeployMode[] = ["prod", "prod_ha"];
