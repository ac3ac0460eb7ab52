//go:build programs

// Package programs names what is built of this module: nodes and pods that are simulated.
package programs

import _ "sigs.k8s.io/kwok/cmd/kwok"
