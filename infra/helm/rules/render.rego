# What must hold for everything that a release installs, whatever its values are. The input is the list of its manifests.
# infra/helm/judge.ts asks it.
package soma.render

# Each pod, with the name of what makes it.
pods contains {"name": named(it), "kind": it.kind, "meta": it.spec.template.metadata, "spec": it.spec.template.spec} if {
	some it in input
	it.spec.template.spec.containers
}

pods contains {"name": named(it), "kind": it.kind, "meta": it.metadata, "spec": it.spec} if {
	some it in input
	it.kind == "Pod"
}

containers contains {"name": sprintf("%s, container %s", [pod.name, it.name]), "it": it} if {
	some pod in pods
	some key in ["containers", "initContainers"]
	some it in pod.spec[key]
}

named(it) := sprintf("%s %s", [it.kind, it.metadata.name])

faults contains sprintf("%s may run as root", [pod.name]) if {
	some pod in pods
	not runs_as_nobody(pod.spec.securityContext)
}

runs_as_nobody(context) if {
	context.runAsNonRoot == true
	context.runAsUser > 0
	context.runAsGroup > 0
	context.seccompProfile.type == "RuntimeDefault"
}

faults contains sprintf("%s has rights that it does not need", [container.name]) if {
	some container in containers
	not is_bound(container.it.securityContext)
}

is_bound(context) if {
	context.allowPrivilegeEscalation == false
	context.readOnlyRootFilesystem == true
	context.capabilities == {"drop": ["ALL"]}
	{key | some key, _ in context} == {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
}

faults contains sprintf("%s is let to the node by %s", [pod.name, key]) if {
	some pod in pods
	some key in ["hostNetwork", "hostPID", "hostIPC"]
	pod.spec[key]
}

faults contains sprintf("%s mounts a folder of the node", [pod.name]) if {
	some pod in pods
	some volume in pod.spec.volumes
	volume.hostPath
}

faults contains sprintf("%s is given a token of the cluster that nothing of it reads", [pod.name]) if {
	some pod in pods
	object.get(pod.spec, "automountServiceAccountToken", true) != false
	not object.get(pod.meta, ["annotations", "vault.hashicorp.com/agent-inject"], "false") == "true"
}

faults contains sprintf("%s has the image %s, which is another one by tomorrow", [container.name, container.it.image]) if {
	some container in containers
	not is_pinned(container.it.image)
}

is_pinned(image) if contains(image, "@sha256:")

is_pinned(image) if {
	path := split(image, "/")
	[_, tag] := split(path[count(path) - 1], ":")
	not tag in {"", "latest"}
}

faults contains sprintf("%s has no %s of %s", [container.name, group, what]) if {
	some container in containers
	some [group, what] in [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]
	object.get(container.it, ["resources", group, what], "") == ""
}

faults contains sprintf("%s is given %s as it is, and not by the name of a secret", [container.name, env.name]) if {
	some container in containers
	some env in container.it.env
	is_secret(env)
}

is_secret(env) if {
	env.value != ""
	some ending in ["PASSWORD", "SECRET", "TOKEN", "API_KEY", "SIGNING_KEY", "DATABASE_URL", "REDIS_URL"]
	endswith(env.name, ending)
}

# A key in PEM, or as JWK.
is_secret(env) if {
	some mark in ["PRIVATE KEY-----", `"d":`]
	contains(replace(env.value, " ", ""), replace(mark, " ", ""))
}

# An address with a password in it.
is_secret(env) if {
	[_, rest] := split(env.value, "://")
	[user, _] := split(split(rest, "/")[0], "@")
	contains(user, ":")
}

faults contains sprintf("%s has values of secrets in it", [named(it)]) if {
	some it in input
	it.kind == "Secret"
}

faults contains sprintf("%s gives rights in the cluster", [named(it)]) if {
	some it in input
	it.kind in {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
}

faults contains sprintf("%s has no %s", [container.name, probe]) if {
	some it in input
	it.kind == "Deployment"
	some container in containers
	startswith(container.name, sprintf("%s,", [named(it)]))
	some probe in ["startupProbe", "livenessProbe", "readinessProbe"]
	not container.it[probe]
}

faults contains sprintf("%s is in no policy of the network that says who may reach it and whom it may reach", [pod.name]) if {
	some pod in pods
	pod.kind != "Pod"
	every policy in input { not bounds(policy, pod) }
}

bounds(policy, pod) if {
	policy.kind == "NetworkPolicy"
	{"Ingress", "Egress"} == {type | some type in policy.spec.policyTypes}
	every label, value in policy.spec.podSelector.matchLabels { pod.meta.labels[label] == value }
}

faults contains sprintf("%s has several pods, and no budget keeps one of them up", [named(it)]) if {
	some it in input
	it.kind == "Deployment"
	object.get(it.spec, "replicas", 2) > 1
	every budget in input { not keeps(budget, it) }
}

keeps(budget, it) if {
	budget.kind == "PodDisruptionBudget"
	budget.spec.selector == it.spec.selector
}
