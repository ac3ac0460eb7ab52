package soma.tools_test

import data.soma.tools

roles := {"helper": {"description": "", "tools": ["clock", "code_run"], "maxRisk": "medium"}}

call(role, tool, risk) := {"actor": {"id": "user:ada", "tenant": "acme", "role": role}, "tool": {"name": tool, "version": "1", "risk": risk}}

test_allows_a_listed_tool if {
	d := tools.decision with input as call("helper", "clock", "low") with data.roles as roles
	d.allow
	d.ttl_s == 3600
}

test_denies_an_unlisted_tool if {
	d := tools.decision with input as call("helper", "http_fetch", "low") with data.roles as roles
	not d.allow
	d.reason == "role helper may not call http_fetch"
}

test_denies_too_much_risk if {
	d := tools.decision with input as call("helper", "code_run", "high") with data.roles as roles
	not d.allow
	contains(d.reason, "up to risk medium")
}

test_denies_an_unknown_risk if {
	d := tools.decision with input as call("helper", "clock", "none") with data.roles as roles
	not d.allow
}

test_denies_an_unknown_role if {
	d := tools.decision with input as call("ghost", "clock", "low") with data.roles as roles
	not d.allow
	d.reason == "there is no role ghost"
}

test_denies_an_input_without_a_role if {
	d := tools.decision with input as {"actor": {}, "tool": {"name": "clock", "risk": "low"}} with data.roles as roles
	not d.allow
}

test_denies_an_empty_input if {
	d := tools.decision with input as {} with data.roles as roles
	not d.allow
}
