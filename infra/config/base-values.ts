/**
 * What the charts read beside a mode: where images, files and volumes are, and who may reach whom outside of the release.
 * An empty list of peers is anybody, on the ports that are named and on those that stand in the addresses of the settings.
 */
export const BASE_VALUES = `global:
  # One of the overlays says it: dev-values.yaml, prod-values.yaml, prod-ha-values.yaml.
  mode: ""
  env: {}
  secretEnv: {}
  # Keys of models by the variables that their profiles name, such as OPENAI_API_KEY: { name: soma-models, key: openai }.
  modelKeys: {}
  # Where the images soma-server, soma-gateway and soma-tools are; an empty tag is the version of the chart.
  image: { registry: "", tag: "", pullPolicy: IfNotPresent, pullSecrets: [] }
  # The secret whose keys are the files that settings name below this path.
  files: { secret: soma-kafka, path: /run/secrets/soma }
  # A config map with roles.yaml, models.yaml and the others, for SOMA_CONF_DIR; empty takes those that ship.
  conf: { configMap: "" }
  # Where tools keep files: a claim that is there, or one that is made and kept. Several processes need ReadWriteMany.
  data: { claim: "", size: 5Gi, storageClass: "", accessMode: ReadWriteMany }
  # With cluster.vaultInjection, the files come from here.
  vault: { role: soma, path: secret/data/soma/kafka }
  network:
    gateway: { from: [] }
    monitoring: { from: [{ namespaceSelector: {} }] }
    postgres: { ports: [5432], to: [] }
    kafka: { ports: [], to: [] }
    redis: { ports: [6379], to: [] }
    collector: { ports: [], to: [] }
    models: { ports: [443], to: [] }
    # Tools ask the web, and nothing of the networks of one's own.
    web:
      ports: [80, 443]
      to:
        - ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16] }
        - ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] }
    vault: { ports: [8200], to: [] }
`;
