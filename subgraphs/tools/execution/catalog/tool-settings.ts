/** What an operator may set about tools; a tool file that exports a function is given it. Read in config.ts. */
export interface ToolSettings {
  /** `host:port` entries that http_fetch may reach although their address is not public. */
  readonly httpFetchAllow: ReadonlySet<string>;
}
