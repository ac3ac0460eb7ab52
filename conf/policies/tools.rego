# Whether an actor may call a tool. Nothing is allowed that no rule allows.
#
# input  {actor: {id, tenant, role}, tool: {name, version, risk}, args_digest, args, run: {id, step} or null, now}
# data   roles: the roles of conf/roles.yaml
# answer {allow, reason, obligations, ttl_s}; ttl_s is the longest an allowance may stand, the service usually sets less
package soma.tools

default decision := {"allow": false, "reason": "no rule allows this call", "obligations": {}, "ttl_s": 0}

risk_rank := {"low": 1, "medium": 2, "high": 3}

# A role that does not exist, and an input without one, must both end here: every comparison below is on defined values.
role := data.roles[input.actor.role]

known_role if role

listed if input.tool.name in role.tools

risk_within if risk_rank[input.tool.risk] <= risk_rank[role.maxRisk]

decision := {"allow": true, "reason": sprintf("role %s may call %s", [input.actor.role, input.tool.name]), "obligations": {}, "ttl_s": 3600} if {
	known_role
	listed
	risk_within
}

decision := {"allow": false, "reason": sprintf("there is no role %v", [object.get(input.actor, "role", "")]), "obligations": {}, "ttl_s": 0} if {
	not known_role
}

decision := {"allow": false, "reason": sprintf("role %s may not call %s", [input.actor.role, input.tool.name]), "obligations": {}, "ttl_s": 0} if {
	known_role
	not listed
}

decision := {"allow": false, "reason": sprintf("role %s may call tools up to risk %s, and %s is %v", [input.actor.role, role.maxRisk, input.tool.name, input.tool.risk]), "obligations": {}, "ttl_s": 0} if {
	known_role
	listed
	not risk_within
}
