/** What Falco sends of our rule about shells, with complete defaults. */
export function aFalcoAlert(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const command = "sh -c id";
  return {
    hostname: "node-3",
    output: `04:11:09.482913021: Critical Another program was started in a container of the product (command=${command} parent=node)`,
    output_fields: {
      "container.id": "6d1a4a7c0f2e",
      "container.image.repository": "registry.example.com/soma/soma-tools",
      "evt.type": "execve",
      "k8s.ns.name": "soma",
      "k8s.pod.name": "soma-tools-7c9d9f-x2x8q",
      "proc.cmdline": command,
      "proc.pname": "node",
    },
    priority: "Critical",
    rule: "Soma starts another program",
    source: "syscall",
    tags: ["T1059", "process", "soma"],
    time: "2026-11-28T04:11:09.482913021Z",
    ...changes,
  };
}
