// Package codec turns values of the SDK's own types into plain trees and back, driven by aws/model. One walker serves the
// callers (parameters of a runbook -> SDK input, SDK output -> tree) and the sandbox (wire -> SDK input, SDK output -> wire,
// and its records), so a shape is understood in one place.
package codec
