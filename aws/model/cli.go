package model

import (
	"regexp"
	"strings"
)

var (
	pluralAcronym = regexp.MustCompile(`[A-Z]{2,}s$`)
	irregular     = map[string]string{
		"CreateCachediSCSIVolume":    "create-cached-iscsi-volume",
		"DescribeCachediSCSIVolumes": "describe-cached-iscsi-volumes",
		"DescribeStorediSCSIVolumes": "describe-stored-iscsi-volumes",
		"CreateStorediSCSIVolume":    "create-stored-iscsi-volume",
		"ExecutePartiQLStatement":    "execute-partiql-statement",
		"ExecutePartiQLTransaction":  "execute-partiql-transaction",
		"ExecutePartiQLBatch":        "execute-partiql-batch",
	}
)

// CLIName is how the aws CLI writes an operation's or a parameter's name: "CreateDBSnapshot" is "create-db-snapshot"
// (the rule is botocore's xform_name).
func CLIName(name string) string {
	if s, ok := irregular[name]; ok {
		return s
	}
	if strings.Contains(name, "-") {
		return strings.ToLower(name)
	}
	if strings.HasSuffix(name, "s") {
		if at := pluralAcronym.FindStringIndex(name); at != nil {
			head := CLIName(name[:at[0]])
			if head != "" {
				head += "-"
			}
			return head + strings.ToLower(name[at[0]:])
		}
	}
	var b strings.Builder
	upper := func(i int) bool { return i < len(name) && 'A' <= name[i] && name[i] <= 'Z' }
	lower := func(i int) bool { return i < len(name) && 'a' <= name[i] && name[i] <= 'z' }
	plain := func(i int) bool { return lower(i) || i < len(name) && '0' <= name[i] && name[i] <= '9' }
	for i := range len(name) {
		if i > 0 && upper(i) && (lower(i+1) || plain(i-1)) && name[i-1] != '_' {
			b.WriteByte('-')
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(b.String())
}
