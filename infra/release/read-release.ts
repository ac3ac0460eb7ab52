import { DEPLOY_MODES } from "@soma/schemas/deploy-modes";

/** The modes of a cluster, and their overlays. */
export const OVERLAYS = {
  dev_prod: "infra/helm/soma-stack/dev-values.yaml",
  prod: "infra/helm/soma-stack/prod-values.yaml",
  prod_ha: "infra/helm/soma-stack/prod-ha-values.yaml",
} as const;
type ClusterMode = keyof typeof OVERLAYS;

/** What a release is of, and where it goes. */
export interface Release {
  mode: ClusterMode;
  overlay: string;
  registry: string;
  tag: string;
  name: string;
  namespace: string;
  /** A file of somebody's own values. */
  values: string | undefined;
  url: string | undefined;
  /** A program that moves the traffic by and by. */
  canary: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Names of Kubernetes that others are made of: as Helm takes them, and short enough for what is hung on them. */
const NAME = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** What goes into a command line or a reference of an image, and nothing that either would take for more. */
const REGISTRY = /^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9][a-z0-9._-]*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Throws with everything that is wrong with the environment. */
export function readRelease(env: Env): Release {
  const faults: string[] = [];
  const read = (name: string, form: RegExp, otherwise?: string): string => {
    const value = env[name] || otherwise || "";
    if (value === "") faults.push(`${name} is not set`);
    else if (!form.test(value)) faults.push(`${name} is "${value}", which has not the form ${form.source}`);
    return value;
  };
  const mode = read("DEPLOY_MODE", /^[a-z_]+$/);
  if (mode !== "" && !(mode in OVERLAYS)) {
    const known = (DEPLOY_MODES as readonly string[]).includes(mode);
    const why = known ? "is not of a cluster" : "is not there";
    faults.push(`mode ${mode} ${why}; there are ${Object.keys(OVERLAYS).join(", ")}`);
  }
  const release = {
    registry: read("RELEASE_REGISTRY", REGISTRY),
    tag: read("RELEASE_TAG", TAG),
    name: read("RELEASE_NAME", NAME, "soma"),
    namespace: read("RELEASE_NAMESPACE", NAME, "soma"),
    values: env.RELEASE_VALUES || undefined,
    url: env.RELEASE_URL || undefined,
    canary: env.RELEASE_CANARY || undefined,
  };
  if (release.tag === "latest") faults.push("RELEASE_TAG is latest, which is another image tomorrow");
  if (release.url !== undefined && !/^https?:\/\/[^\s/]+\/?$/.test(release.url))
    faults.push(`RELEASE_URL is "${release.url}", which is no address of a gateway`);
  if (faults.length > 0) throw new Error(`nothing can be released:\n${faults.map((each) => `  - ${each}`).join("\n")}`);
  return { ...release, mode: mode as ClusterMode, overlay: OVERLAYS[mode as ClusterMode] };
}
