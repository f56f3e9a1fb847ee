package engine

func cost(op string, params map[string]any) string { return "" }
