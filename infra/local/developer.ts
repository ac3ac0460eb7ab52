/** Who the one user of a local installation is. */
export const DEVELOPER = { tenant: "local", subject: "user:developer" } as const;
